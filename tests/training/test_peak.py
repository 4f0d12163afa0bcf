from __future__ import annotations

import pytest
import torch

from luthier.training import peak


def measured(monkeypatch: pytest.MonkeyPatch, seconds: dict[int, list[float]]) -> float:
    """The peak where products of each size take such times, one after another."""
    left = {size: iter(times) for size, times in seconds.items()}
    monkeypatch.setattr(peak, "_seconds", lambda one, _: next(left[len(one)]))
    return peak._measured.__wrapped__("cpu", torch.float32, 1)


def test_the_peak_is_the_fastest_product_the_first_of_each_size_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times = {256: [1e-9, 2.0, 1.0, 3.0]}
    assert measured(monkeypatch, times) == 2 * 256**3 / 1.0


def test_larger_products_are_tried_while_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    times = {256: [1e-9] + [1e-4] * 3, 512: [1e-9] + [0.5e-3] * 3, 1024: [1e-9] + [0.1] * 3}
    # 2048 would take eight times as long as the tenth of a second of 1024.
    assert measured(monkeypatch, times) == pytest.approx(2 * 512**3 / 0.5e-3)


@pytest.mark.parametrize("bfloat16", [False, True])
def test_measuring_happens_once_and_draws_no_random_numbers(
    bfloat16: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = torch.get_rng_state()
    found = peak.matrix_peak(torch.device("cpu"), bfloat16=bfloat16)
    assert found > 0
    assert torch.equal(torch.get_rng_state(), before)
    monkeypatch.setattr(peak, "_seconds", None)
    assert peak.matrix_peak(torch.device("cpu"), bfloat16=bfloat16) == found
