"""What frozen layers compute is shared by trainings of the same layers, and by no others."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.training.engine.rows import batch, wordings
from tests.training.engine.test_forward import build

from luthier.methods import Freeze, Trainable
from luthier.training.engine import Forward
from luthier.training.loss import supervised_loss

TOP = Freeze(trainable=Trainable(last=1))


def opened(model: Any, batches: list[dict[str, Any]], folder: Path, **options: Any) -> Forward:
    forward = Forward(model)
    tokens = sum(one["layout"].tokens for one in batches)
    forward.keep_trunk(batches, folder, **{"tokens": tokens, **options})
    return forward


def bottom_runs(model: Any) -> list[int]:
    """Grows by the tokens that the lowest layer reads."""
    runs: list[int] = []
    model.model.layers[0].mlp.register_forward_hook(lambda _, args, __: runs.append(args[0].shape[1]))
    return runs


def loss(forward: Forward, model: Any, one: dict[str, Any]) -> float:
    with forward.reading(model, one):
        return forward.loss(model, one).item()


def test_a_second_training_computes_the_rows_that_the_first_did_not(tmp_path: Path) -> None:
    known, new = batch(wordings(), 4, seed=1), batch(wordings(), 4, seed=2)
    opened(TOP.apply(build("qwen3")).train(), [known], tmp_path).close()
    model = TOP.apply(build("qwen3")).train()
    runs = bottom_runs(model)
    forward = opened(model, [known, new], tmp_path)
    # Rows of the first batch are read both ways, as at every training; only the new batch is kept.
    assert len(runs) == 3
    assert runs[-1] == new["layout"].ids.shape[1]
    plain = [supervised_loss(model, one).item() for one in (known, new)]
    loss(forward, model, known)  # proven
    runs.clear()
    assert [loss(forward, model, one) for one in (known, new)] == pytest.approx(plain, rel=1e-6)
    assert runs == []


@pytest.mark.parametrize("change", ["weight", "precision", "kept"])
def test_what_another_model_or_precision_computes_is_kept_apart(change: str, tmp_path: Path) -> None:
    one = batch(wordings(), 4)
    opened(TOP.apply(build("qwen3")).train(), [one], tmp_path).close()
    model, options = TOP.apply(build("qwen3")).train(), {}
    if change == "weight":
        with torch.no_grad():
            model.model.layers[0].mlp.down_proj.weight[0, 0] += 1e-3
    else:
        options = {"autocast" if change == "precision" else "kept": torch.bfloat16}
    opened(model, [one], tmp_path, **options)
    assert len(list(tmp_path.iterdir())) == 2


def test_weights_that_train_do_not_count(tmp_path: Path) -> None:
    one, model = batch(wordings(), 4), TOP.apply(build("qwen3")).train()
    opened(model, [one], tmp_path).close()
    with torch.no_grad():
        model.model.layers[-1].mlp.down_proj.weight.zero_()
    opened(model, [one], tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_what_is_kept_in_bfloat16_takes_half_the_space_and_is_read_as_what_it_was(tmp_path: Path) -> None:
    one, model = batch(wordings(), 4), TOP.apply(build("qwen3")).train()
    whole = opened(model, [one], tmp_path).trunk
    half = opened(model, [one], tmp_path, kept=torch.bfloat16).trunk
    assert whole is not None
    assert half is not None
    assert half.bytes * 2 == whole.bytes
    wanted = whole.states(one["layout"])
    assert torch.equal(half.states(one["layout"]), wanted.bfloat16().float())
    assert (whole.exact_bytes, half.exact_bytes) == (4, 2)


def test_a_part_that_was_left_unfinished_is_written_again(tmp_path: Path) -> None:
    one, model = batch(wordings(), 4), TOP.apply(build("qwen3")).train()
    whole = opened(model, [one], tmp_path).trunk
    assert whole is not None
    wanted = whole.states(one["layout"]).clone()
    index = next(tmp_path.rglob("*.safetensors"))
    index.unlink()
    index.with_suffix(".bin").write_bytes(b"half")
    again = opened(model, [one], tmp_path).trunk
    assert again is not None
    assert torch.equal(again.states(one["layout"]), wanted)


def test_a_process_that_dies_while_writing_leaves_no_part(tmp_path: Path) -> None:
    first, second = batch(wordings(), 4, seed=1), batch(wordings(), 4, seed=2)

    def cut_off() -> Any:
        yield first
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Forward(model := TOP.apply(build("qwen3")).train()).keep_trunk(cut_off(), tmp_path, tokens=1)
    assert not list(tmp_path.rglob("*.*"))
    trunk = opened(model, [first, second], tmp_path).trunk
    assert trunk is not None
    assert trunk.holds(first["layout"])
    assert trunk.holds(second["layout"])


def test_room_for_all_rows_is_asked_for_before_the_first_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """64 numbers of 4 bytes a token: 2**24 tokens that share nothing take 4 GiB, and 4 GiB stay free."""
    one, model = batch(wordings(), 4), TOP.apply(build("qwen3", hidden_size=64)).train()
    shared = one["layout"].ids.shape[1] / one["layout"].tokens
    free = 2**32 + 2**32 * shared
    for room, kept in ((-(2**20), False), (2**20, True)):
        usage = shutil.disk_usage(tmp_path)._replace(free=int(free) + room)
        monkeypatch.setattr("shutil.disk_usage", lambda _, usage=usage: usage)
        with caplog.at_level("INFO"):
            forward = opened(model, [one], tmp_path, tokens=2**24)
        assert (forward.trunk is not None) is kept
    assert f"{shared * 4:.1f} GiB are needed" in caplog.text
