from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.models import tiny
from tests.training.rows import rows
from tests.training.test_train import KilledError, assert_same, killed_after, run, weights

from luthier.errors import UserError
from luthier.methods import Freeze, Full, Lora, PTuningV2, Trainable
from luthier.training import TrainingOptions, probe
from luthier.training.batches import Collator
from luthier.training.engine import Forward
from luthier.training.pieces import Pieces
from luthier.training.sampler import choose_batches

WHOLE = TrainingOptions(steps=4, batch_size=8, precision="float32", optimizer="sgd", max_grad_norm=0)
METHODS = {
    "full": Full(),
    "lora": Lora(rank=2),
    "p_tuning": PTuningV2(prompt_length=3),
    "freeze": Freeze(trainable=Trainable(last=1)),
}


def small_memory(monkeypatch: pytest.MonkeyPatch, most: int, error: Exception | None = None) -> None:
    """Memory for passes of so many rows only. It runs out late: gradients are there, numbers were drawn."""
    whole = Forward.loss

    def loss(self: Forward, model: Any, batch: Any) -> Any:
        found = whole(self, model, batch)
        if batch["layout"].rows > most and torch.is_grad_enabled():
            torch.autograd.backward([found])
            torch.rand(3)
            raise error or torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nmore")
        return found

    monkeypatch.setattr(Forward, "loss", loss)


@pytest.mark.parametrize("method", METHODS)
def test_memory_that_runs_out_changes_nothing(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Nothing is evaluated: where two steps are equally good, rounding would choose the weights.
    data = {"train_rows": rows(20), "learning_rate": 0.1, "validation_rows": None}
    plain, result = run(tmp_path / "a", WHOLE, METHODS[method], model=tiny.model("llama"), **data)
    small_memory(monkeypatch, 3)
    with caplog.at_level(logging.WARNING):
        cut, rest = run(tmp_path / "b", WHOLE, METHODS[method], model=tiny.model("llama"), **data)
    for name, weight in weights(plain).items():
        assert torch.allclose(dict(cut.named_parameters())[name], weight, atol=1e-6), name
    assert [row.step for row in rest.history] == [row.step for row in result.history]
    for left, right in zip(rest.history, result.history, strict=True):
        assert left.loss == pytest.approx(right.loss, abs=1e-6)
    # Eight rows do not fit, four neither, two do: said when it happens, and not in the steps that follow.
    said = [record.getMessage() for record in caplog.records if "out of memory" in record.getMessage()]
    assert [message.split("read in ")[1].split()[0] for message in said] == ["2", "4"]


def test_a_step_begun_anew_draws_the_numbers_of_one_that_was_cut_from_the_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dropout; and what stands in a gradient when memory runs out is not learnt from."""
    four = WHOLE.model_copy(update={"batch_size": 2, "gradient_accumulation": 4, "optimizer": "adamw"})
    cut, _ = run(tmp_path / "a", four)
    small_memory(monkeypatch, 2)
    late, _ = run(tmp_path / "b", WHOLE.model_copy(update={"optimizer": "adamw"}))
    assert_same(weights(cut), weights(late))


def test_a_resumed_run_is_cut_as_before_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = TrainingOptions(epochs=3, batch_size=8, precision="float32")
    with monkeypatch.context() as patch:
        small_memory(patch, 2)
        straight, _ = run(tmp_path / "a", options, evaluate=killed_after(99))
        with pytest.raises(KilledError):
            run(tmp_path / "b", options, evaluate=killed_after(1))
    resumed, _ = run(tmp_path / "b", options, evaluate=killed_after(99), resume=True)
    assert_same(weights(straight), weights(resumed))


@pytest.mark.parametrize(
    "error", [None, RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried")]
)
def test_a_row_that_does_not_fit_alone_is_the_users_to_make_smaller(
    error: Exception | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_memory(monkeypatch, 0, error)
    with pytest.raises(UserError, match="does not fit in memory alone") as caught:
        run(tmp_path, WHOLE)
    for way in ("max_length", "gradient_checkpointing", "lora", "smaller model"):
        assert way in caught.value.hint
    assert "\nmore" not in str(caught.value)


def test_other_errors_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_memory(monkeypatch, 4, RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        run(tmp_path, WHOLE)


def test_memory_that_runs_out_while_a_batch_is_read_both_ways_is_no_objection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole, called = Forward._objection, []

    def objection(self: Forward, model: Any, batch: Any, trunk: Any) -> str:
        called.append(batch)
        if len(called) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(self, model, batch, trunk)

    monkeypatch.setattr(Forward, "_objection", objection)
    with caplog.at_level(logging.WARNING):
        run(tmp_path, WHOLE, model=tiny.model("llama"), train_rows=rows(20), validation_rows=None)
    assert "2 forward passes" in caplog.text
    assert "one by one" not in caplog.text


def test_validation_batches_are_halved_where_they_do_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, plain = run(tmp_path / "a", WHOLE)
    whole = Forward.loss

    def loss(self: Forward, model: Any, batch: Any) -> Any:
        if batch["layout"].rows > 2 and not torch.is_grad_enabled():
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(self, model, batch)

    monkeypatch.setattr(Forward, "loss", loss)
    _, halved = run(tmp_path / "b", WHOLE)
    assert halved.history[-1].eval_loss == pytest.approx(plain.history[-1].eval_loss, abs=1e-6)


def test_where_little_is_free_the_size_that_auto_chose_is_kept_and_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = WHOLE.model_copy(update={"batch_size": "auto"})
    passes: list[int] = []
    whole = Forward.loss

    def loss(self: Forward, model: Any, batch: Any) -> Any:
        passes.append(batch["layout"].rows)
        return whole(self, model, batch)

    monkeypatch.setattr(Forward, "loss", loss)
    plain, _ = run(tmp_path / "a", options, model=tiny.model("llama"), validation_rows=None)
    assert passes == [4, 4, 4, 4]
    passes.clear()
    monkeypatch.setattr("luthier.training.fitting.free_memory", lambda device: 0)
    cut, _ = run(tmp_path / "b", options, model=tiny.model("llama"), validation_rows=None)
    assert passes == [1] * 16
    for name, weight in weights(plain).items():
        assert torch.allclose(dict(cut.named_parameters())[name], weight, atol=1e-5), name
    model = Full().apply(tiny.model("llama"))
    assert probe(model, tiny.byte_level(), rows(18), options, steps=4).pieces == 4


def test_batches_of_so_many_tokens_train_and_are_resumed_exactly(tmp_path: Path) -> None:
    data = rows(40)
    options = TrainingOptions(epochs=3, batch_tokens=120, evaluate_every=4, precision="float32")
    steps = choose_batches(data, options, seed=0).steps
    straight, whole = run(tmp_path / "a", options, train_rows=data, evaluate=killed_after(99))
    assert whole.steps == 3 * steps
    with pytest.raises(KilledError):
        run(tmp_path / "b", options, train_rows=data, evaluate=killed_after(2))
    resumed, _ = run(tmp_path / "b", options, train_rows=data, evaluate=killed_after(99), resume=True)
    assert_same(weights(straight), weights(resumed))
    model = Full().apply(tiny.model("llama"))
    assert probe(model, tiny.byte_level(), data, options, steps=4).epoch_tokens > 0


@pytest.mark.parametrize(
    ("shared", "length", "rows_", "passes"),
    [
        (0, 100, 16, [8, 8]),  # halves of 800 tokens keep a processor busy, quarters of 400 do not
        (0, 100, 10, [10]),
        (50, 100, 16, [16]),  # a second reading of 50 in 850 tokens
        (10, 100, 16, [8, 8]),  # of 10 in 1450
        (0, 2048, 3, [2, 1]),
    ],
)
def test_rows_with_little_in_common_are_read_in_passes_that_keep_the_machine_busy(
    shared: int, length: int, rows_: int, passes: list[int]
) -> None:
    common = list(range(1, shared + 1))
    step = [
        {"input_ids": common + [1000 + number * length + at for at in range(length - shared)]}
        for number in range(rows_)
    ]
    cut = Pieces(1, Collator(0), torch.device("cpu")).cut(step)
    assert [len(piece) for piece in cut] == passes
    assert [row for piece in cut for row in piece] == step


def test_several_processes_cut_no_step_for_speed() -> None:
    step = [{"input_ids": [1000 * number + at for at in range(100)]} for number in range(1, 17)]
    assert len(Pieces(1, Collator(0), torch.device("cpu"), largest=lambda number: number).cut(step)) == 1
