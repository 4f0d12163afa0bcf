from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.models import tiny
from tests.training.rows import rows

from luthier.errors import DataError, LuthierError, UserError
from luthier.methods import Freeze, Full, Lora, PTuningV2, Trainable, count_parameters
from luthier.training import EarlyStopping, TrainingOptions, TrainResult, train
from luthier.training.engine import Layout

QUICK = TrainingOptions(epochs=2, batch_size=4, precision="float32")


def run(
    output: Path, options: TrainingOptions = QUICK, method: Any = None, **extra: Any
) -> tuple[Any, TrainResult]:
    given = {"train_rows": rows(18), "validation_rows": rows(6, seed=1), "learning_rate": 5e-3, **extra}
    model = given.pop("model", None) or tiny.model("llama", attention_dropout=0.1)
    torch.manual_seed(0)
    model = (method or Full()).apply(model)
    return model, train(model, tiny.byte_level(), options=options, output_dir=output, **given)


def weights(model: Any) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def assert_same(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> None:
    assert left.keys() == right.keys()
    assert [name for name in left if not torch.equal(left[name], right[name])] == []


class KilledError(Exception):
    pass


def killed_after(evaluations: int) -> Any:
    """A measurement that ends the process's work, as a kill does, at the given evaluation."""
    count = 0

    def measure(model: Any) -> dict[str, float]:
        nonlocal count
        count += 1
        random.random()  # what is drawn while measuring must not matter
        torch.rand(1)
        if count > evaluations:
            raise KilledError
        return {"kappa": sum(p.abs().sum().item() for p in model.parameters() if p.requires_grad)}

    return measure


def test_same_seed_same_weights_bit_for_bit_and_another_seed_others(tmp_path: Path) -> None:
    first, _ = run(tmp_path / "a", seed=1)
    second, _ = run(tmp_path / "b", seed=1)
    other, _ = run(tmp_path / "c", seed=2)
    assert_same(weights(first), weights(second))
    assert not torch.equal(first.lm_head.weight, other.lm_head.weight)


# With dropout rows are read one by one and random numbers are drawn; without it they are packed.
@pytest.mark.parametrize(
    ("method", "dropout", "optimizer", "every"),
    [
        (Full(), 0.1, "adamw", "epoch"),
        (Full(), 0.1, "adamw", 2),
        (Lora(rank=2, dropout=0.1), 0.1, "adamw", 2),
        (PTuningV2(prompt_length=3, projection=True), 0.1, "adamw", "epoch"),
        (Full(), 0.0, "adamw", 2),
        (Full(), 0.0, "muon", "epoch"),
        (Full(), 0.0, "muon", 2),
        (Freeze(trainable=Trainable(last=1)), 0.0, "muon", 2),
        (Freeze(trainable=Trainable(last=1)), 0.0, "adamw", "epoch"),
        (Lora(rank=2), 0.0, "adamw", "epoch"),
        (PTuningV2(prompt_length=3), 0.0, "adamw", 2),
    ],
    ids=lambda value: getattr(value, "type", value),
)
def test_resumed_equals_straight_through_bit_for_bit(
    tmp_path: Path, method: Any, dropout: float, optimizer: Any, every: Any
) -> None:
    def run_it(*given: Any, **extra: Any) -> tuple[Any, TrainResult]:
        return run(*given, model=tiny.model("llama", attention_dropout=dropout), **extra)

    options = TrainingOptions(
        epochs=3,
        batch_size=4,
        gradient_accumulation=2,
        evaluate_every=every,
        precision="float32",
        optimizer=optimizer,
    )
    straight, whole = run_it(tmp_path / "a", options, method, evaluate=killed_after(99))
    with pytest.raises(KilledError):
        run_it(tmp_path / "b", options, method, evaluate=killed_after(2))
    # A checkpoint that was cut off while it was written must not be taken for the newest.
    (tmp_path / "b" / "checkpoint-99").mkdir()
    resumed, rest = run_it(tmp_path / "b", options, method, evaluate=killed_after(99), resume=True)
    assert_same(weights(straight), weights(resumed))
    last = [tmp_path / name / "checkpoint-9" / "trainable.safetensors" for name in "ab"]
    assert last[0].read_bytes() == last[1].read_bytes()
    assert [row.step for row in rest.history] == [row.step for row in whole.history]
    assert [row.loss for row in rest.history] == [row.loss for row in whole.history]


def test_a_model_that_muon_pretrained_is_tuned_with_muon_unless_the_recipe_says_otherwise(
    tmp_path: Path,
) -> None:
    found = {}
    for optimizer in ("auto", "muon", "adamw"):
        model = tiny.model("llama")
        model.config.pretraining_optimizer = "muon"
        options = QUICK.model_copy(update={"optimizer": optimizer})
        found[optimizer] = weights(run(tmp_path / optimizer, options, model=model)[0])
    assert_same(found["auto"], found["muon"])
    name = "model.layers.0.mlp.up_proj.weight"
    assert not torch.allclose(found["auto"][name], found["adamw"][name], atol=1e-3)


def test_resuming_what_was_started_otherwise_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KilledError):
        run(tmp_path, evaluate=killed_after(1))
    with pytest.raises(UserError, match="learning rate"):
        run(tmp_path, learning_rate=1e-4, resume=True)
    with pytest.raises(UserError, match="training rows"):
        run(tmp_path, train_rows=rows(18, seed=5), resume=True)
    relabelled = rows(18).map(lambda row: {"labels": [max(label, 5) for label in row["labels"]]})
    assert relabelled["length"] == rows(18)["length"]
    with pytest.raises(UserError, match="training rows"):
        run(tmp_path, train_rows=relabelled, resume=True)


def test_a_batch_of_eight_equals_eight_accumulated(tmp_path: Path) -> None:
    """18 rows: the last step of an epoch is a smaller one; weights and answer lengths differ between rows."""
    one = TrainingOptions(epochs=2, batch_size=8, precision="float32")
    many = TrainingOptions(epochs=2, batch_size=1, gradient_accumulation=8, precision="float32")
    large, large_result = run(tmp_path / "a", one, model=tiny.model("llama"))
    accumulated, many_result = run(tmp_path / "b", many, model=tiny.model("llama"))
    assert large_result.steps == many_result.steps == 6
    for name, value in weights(large).items():
        assert torch.allclose(dict(accumulated.named_parameters())[name], value, atol=1e-5), name
    for left, right in zip(large_result.history, many_result.history, strict=True):
        assert left.loss == pytest.approx(right.loss, abs=1e-5)
        assert left.eval_loss == pytest.approx(right.eval_loss, abs=1e-5)


def test_first_loss_is_the_weighted_mean_over_supervised_tokens(tmp_path: Path) -> None:
    model, data = tiny.model("llama"), rows(8)
    total = divisor = 0.0
    with torch.no_grad():
        for row in data:
            logits = model(torch.tensor([row["input_ids"]])).logits[0].log_softmax(-1)
            for place, label in enumerate(row["labels"]):
                if label != -100:
                    total -= row["weight"] * logits[place - 1, label].item()
                    divisor += row["weight"]
    options = TrainingOptions(steps=1, batch_size=8, precision="float32")
    _, result = run(tmp_path, options, model=model, train_rows=data, learning_rate=0.1, validation_rows=data)
    assert result.history[0].loss == pytest.approx(total / divisor, rel=1e-5)
    assert result.history[1].eval_loss < result.history[0].loss


def test_a_weight_of_all_rows_changes_nothing(tmp_path: Path) -> None:
    light, _ = run(tmp_path / "a", train_rows=rows(12, weight=0.5))
    heavy, _ = run(tmp_path / "b", train_rows=rows(12, weight=2.0))
    for name, value in weights(light).items():
        assert torch.allclose(dict(heavy.named_parameters())[name], value, atol=1e-5)


def test_the_model_ends_with_its_best_weights_and_best_and_last_checkpoint_stay(tmp_path: Path) -> None:
    seen: list[dict[str, torch.Tensor]] = []
    scores = iter([0.1, 0.9, 0.2, 0.3])

    def measure(model: Any) -> dict[str, float]:
        seen.append(weights(model))
        return {"kappa": next(scores)}

    options = TrainingOptions(epochs=4, batch_size=4, precision="float32")
    model, result = run(tmp_path, options, evaluate=measure)
    assert result.best_step == 10
    assert result.best_metric == "kappa"
    assert_same(weights(model), seen[1])
    assert sorted(path.name for path in tmp_path.glob("checkpoint-*")) == ["checkpoint-10", "checkpoint-20"]


def test_early_stopping_looks_at_its_metric_and_knows_that_lower_is_better(tmp_path: Path) -> None:
    scores = iter([0.3, 0.2, 0.25, 0.21, 0.1, 0.1])
    options = TrainingOptions(
        epochs=6, batch_size=9, precision="float32", early_stopping=EarlyStopping(metric="ece", patience=2)
    )
    _, result = run(tmp_path, options, evaluate=lambda model: {"kappa": 0.0, "ece": next(scores)})
    assert result.steps == 2 * 4
    assert result.best_step == 2 * 2


def test_unknown_early_stopping_metric_or_nothing_to_look_at_is_refused(tmp_path: Path) -> None:
    options = QUICK.model_copy(update={"early_stopping": EarlyStopping(metric="kappa")})
    with pytest.raises(UserError, match="kappa, which is not measured"):
        run(tmp_path, options)
    with pytest.raises(UserError, match="nothing to look at"):
        run(tmp_path, options, validation_rows=None)


def test_result_and_history_say_what_happened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, result = run(tmp_path, method=Freeze(), evaluate=lambda model: {"kappa": 0.5})
    assert result.steps == 10
    assert result.parameters == count_parameters(model)
    assert [row.step for row in result.history if row.eval_loss is not None] == [5, 10]
    assert [row.metrics for row in result.history if row.metrics] == [{"kappa": 0.5}] * 2
    assert all(row.learning_rate is not None for row in result.history if row.loss is not None)
    assert 0 < result.history[0].seconds <= result.history[-1].seconds <= result.seconds
    assert result.samples_per_second > 0
    assert result.tokens_per_second > 5 * result.samples_per_second
    assert result.peak_memory_bytes > 50e6
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "step 10/10" in printed.err
    assert "validation: loss" in printed.err
    assert model.config.use_cache


def test_without_validation_the_last_weights_stay(tmp_path: Path) -> None:
    _, result = run(tmp_path, validation_rows=None)
    assert (result.best_step, result.best_metric) == (10, "")
    assert [path.name for path in tmp_path.glob("checkpoint-*")] == ["checkpoint-10"]


def test_warm_up_and_cosine_follow_their_formula(tmp_path: Path) -> None:
    import math

    options = TrainingOptions(steps=10, batch_size=4, warmup=0.2, precision="float32")
    _, result = run(tmp_path, options, learning_rate=1e-3)
    rates = [row.learning_rate for row in result.history if row.loss is not None]
    expected = [0, 5e-4] + [1e-3 * 0.5 * (1 + math.cos(math.pi * step / 8)) for step in range(8)]
    assert rates == pytest.approx(expected, abs=1e-9)


def test_a_fresh_run_takes_no_checkpoint_of_an_older_one(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-999").mkdir()
    run(tmp_path)
    assert not (tmp_path / "checkpoint-999").exists()


def test_a_loss_that_is_no_number_stops_with_advice_and_without_moving_a_weight(tmp_path: Path) -> None:
    model = tiny.model("llama")
    with torch.no_grad():
        model.model.norm.weight[0] = float("inf")
    before = weights(model)
    with pytest.raises(LuthierError, match=r"loss became .* at step 1") as caught:
        run(tmp_path, model=model, validation_rows=None)
    assert "learning_rate" in caught.value.hint
    assert_same(weights(model), before)


def test_rows_without_anything_to_learn_are_named_before_training(tmp_path: Path) -> None:
    from luthier.design.sample import Sample, Segment
    from luthier.models import encode_all

    empty, _ = encode_all([Sample("hollow", (Segment("soup", "input"),))], tiny.byte_level())
    with pytest.raises(DataError, match="1 of 1 rows") as caught:
        run(tmp_path, train_rows=empty)
    assert "hollow" in str(caught.value)


def test_gradient_checkpointing_changes_nothing_and_is_refused_for_prefixes(tmp_path: Path) -> None:
    checkpointed = QUICK.model_copy(update={"gradient_checkpointing": True})
    plain, _ = run(tmp_path / "a", method=Lora(rank=2))
    saving, _ = run(tmp_path / "b", checkpointed, method=Lora(rank=2))
    for name, value in weights(plain).items():
        assert torch.allclose(dict(saving.named_parameters())[name], value, atol=1e-5)
    with pytest.raises(UserError, match="gradient checkpointing"):
        run(tmp_path / "c", checkpointed, method=PTuningV2(prompt_length=3))


def test_bfloat16_computes_in_bfloat16_and_keeps_float32_weights(tmp_path: Path) -> None:
    model, result = run(tmp_path, QUICK.model_copy(update={"precision": "bfloat16"}))
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert model(torch.tensor([[1, 2]])).logits.dtype == torch.float32
    assert result.history[-1].eval_loss < result.history[0].loss


@pytest.mark.slow
def test_mlflow_gets_the_curve_in_a_database_in_the_runs_folder(tmp_path: Path) -> None:
    import sqlite3

    run(tmp_path, QUICK.model_copy(update={"report_to": ("mlflow",)}))
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        names = {name for (name,) in database.execute("select distinct key from metrics")}
    assert {"loss", "eval_loss"} <= names


def test_tensorboard_gets_the_curve_in_the_runs_folder(tmp_path: Path) -> None:
    run(tmp_path, QUICK.model_copy(update={"report_to": ("tensorboard",)}))
    assert list((tmp_path / "tensorboard").glob("events.*"))


def test_a_missing_tracker_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("luthier.training.arguments.find_spec", lambda name: None)
    with pytest.raises(UserError, match="wandb") as caught:
        run(tmp_path, QUICK.model_copy(update={"report_to": ("wandb",)}))
    assert caught.value.hint == "pip install wandb"


def test_the_trainers_state_is_written_last(tmp_path: Path) -> None:
    """`checkpoints` takes a folder with this file for whole."""
    run(tmp_path)
    folder = next(tmp_path.glob("checkpoint-*"))
    assert json.loads((folder / "trainer_state.json").read_text())["global_step"] > 0
    times = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert max(times, key=lambda name: times[name]) == "trainer_state.json"


def test_a_tokenizer_of_another_model_is_refused_with_both_numbers(tmp_path: Path) -> None:
    largest = max(max(ids) for ids in rows(18)["input_ids"])
    with pytest.raises(UserError, match=f"gives the id {largest}, the model embeds 256 tokens"):
        run(tmp_path, model=tiny.model("llama", vocab_size=256))


def test_validation_batches_go_to_the_device_as_those_of_the_training_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[int] = []
    whole = Layout.to
    monkeypatch.setattr(
        Layout, "to", lambda self, *device, **how: moved.append(self.rows) or whole(self, *device, **how)
    )
    run(tmp_path, TrainingOptions(epochs=1, batch_size=9, precision="float32"))
    # Two batches of nine rows to train on, some rows of one to be read both ways; six to validate on, once.
    assert sorted(moved)[1:] == [6, 9, 9]
    assert min(moved) <= 4
