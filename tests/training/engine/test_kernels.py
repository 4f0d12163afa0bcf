"""The engine's own derivatives, against the library's and against differences of the function itself."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy, scaled_dot_product_attention

from luthier.training.engine import cross_entropy as module
from luthier.training.engine import written_out


def tensors(*shapes: tuple[int, ...], dtype: torch.dtype = torch.float64) -> list[torch.Tensor]:
    torch.manual_seed(0)
    return [torch.randn(shape, dtype=dtype, requires_grad=True) for shape in shapes]


@pytest.mark.parametrize("numbers", [7, 40, 10**6])
def test_cross_entropy_and_its_gradient_are_the_librarys(
    numbers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module._NUMBERS, "cpu", numbers)
    (logits,) = tensors((11, 9), dtype=torch.float32)
    targets = torch.arange(11) % 9
    weights = torch.linspace(0.5, 2, 11)
    ours = module.cross_entropies(logits * 30, targets)
    theirs = cross_entropy(logits * 30, targets, reduction="none")
    assert torch.allclose(ours, theirs, atol=1e-5)
    gradients = [torch.autograd.grad((losses * weights).sum(), logits)[0] for losses in (ours, theirs)]
    assert torch.allclose(*gradients, atol=1e-5)


def test_cross_entropy_without_gradients_is_the_same() -> None:
    (logits,) = tensors((5, 9), dtype=torch.float32)
    targets = torch.tensor([0, 8, 3, 3, 1])
    with torch.no_grad():
        ours = module.cross_entropies(logits, targets)
    assert torch.allclose(ours, cross_entropy(logits, targets, reduction="none"), atol=1e-6)


@pytest.mark.parametrize("known", [0, 6])
@pytest.mark.parametrize("block", [3, 128])
def test_attention_is_the_librarys_and_its_gradient_that_of_differences(
    known: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(written_out, "_BLOCK", block)
    heads, runs, tokens, width = 2, 3, 7, 4
    run, context = (heads, runs, tokens, width), (heads, known, width)
    query, key, value, before, behind = tensors(run, run, run, context, context)
    places = torch.arange(tokens)[None]

    def ours(*parts: torch.Tensor) -> torch.Tensor:
        query, key, value, before, behind = parts
        return written_out.attend(query, (key, value), (before, behind), places)

    seen = torch.cat([torch.ones(tokens, known), torch.ones(tokens, tokens).tril()], dim=1).bool()
    whole = [
        torch.cat([part[:, None].expand(-1, runs, -1, -1), own], dim=2)
        for part, own in ((before, key), (behind, value))
    ]
    theirs = scaled_dot_product_attention(query, *whole, attn_mask=seen, scale=1.0)
    assert torch.allclose(ours(query, key, value, before, behind), theirs)
    assert torch.autograd.gradcheck(ours, (query, key, value, before, behind))


def test_attention_of_a_few_queries_sees_up_to_the_place_of_each() -> None:
    query, key, value, before, behind = tensors(
        (2, 2, 2, 4), (2, 2, 5, 4), (2, 2, 5, 4), (2, 3, 4), (2, 3, 4)
    )
    places = torch.tensor([[1, 4], [0, 2]])
    found = written_out.attend(query, (key, value), (before, behind), places)
    for run in range(2):
        for number, place in enumerate(places[run]):
            keys, values = (
                torch.cat([part, own[:, run, : place + 1]], dim=1)
                for part, own in ((before, key), (behind, value))
            )
            alone = scaled_dot_product_attention(query[:, run, number : number + 1], keys, values, scale=1.0)
            assert torch.allclose(found[:, run, number], alone[:, 0])
