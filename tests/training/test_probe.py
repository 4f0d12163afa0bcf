from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from tests.models import tiny
from tests.training.rows import rows

from luthier.errors import UserError
from luthier.methods import Full, PTuningV2, count_parameters
from luthier.training import TrainingOptions, predict_seconds, probe, train
from luthier.training.batches import Collator
from luthier.training.probe import Probe, make_optimizer
from luthier.training.sampler import choose_batches

if TYPE_CHECKING:
    from transformers import PreTrainedModel

OPTIONS = TrainingOptions(epochs=2, batch_size=8, precision="float32")


def test_probing_leaves_no_trace_and_foretells_the_time(tmp_path: Path) -> None:
    model = Full().apply(tiny.model("llama", hidden_size=128, intermediate_size=512)).eval()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    state, data = torch.get_rng_state(), rows(200)
    seen = probe(model, tiny.byte_level(), data, OPTIONS)
    assert all(torch.equal(p, before[name]) and p.grad is None for name, p in model.named_parameters())
    assert torch.equal(torch.get_rng_state(), state)
    assert not model.training
    foretold = predict_seconds(seen, data, OPTIONS)
    started = time.perf_counter()
    train(model, tiny.byte_level(), data, options=OPTIONS, learning_rate=1e-3, output_dir=tmp_path)
    took = time.perf_counter() - started
    # A factor of 2 on steps of a real model; here a step takes milliseconds and the machine may be busy.
    assert foretold / 4 < took < foretold * 4 + 5


@pytest.mark.parametrize("checkpointing", [False, True])
def test_activations_are_computed_twice_where_training_does_so(checkpointing: bool) -> None:
    model = Full().apply(tiny.model("llama"))
    calls: list[int] = []
    model.model.layers[0].self_attn.register_forward_hook(
        lambda *_: calls.append(1) if torch.is_grad_enabled() else None
    )
    options = OPTIONS.model_copy(update={"gradient_checkpointing": checkpointing})
    probe(model, tiny.byte_level(), rows(16), options, steps=3)
    passes = 2 + 3
    assert len(calls) == passes * (2 if checkpointing else 1)
    assert not model.is_gradient_checkpointing


def test_an_evaluation_and_what_it_holds_are_part_of_the_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    model, seen, held = Full().apply(tiny.model("llama")), [], [100]
    monkeypatch.setattr(sys.modules["luthier.training.probe"], "peak_memory", lambda: held[0])

    def evaluate(given: PreTrainedModel) -> None:
        seen.append((given is model, given.training))
        held[0] = 10**9

    measured = probe(model, tiny.byte_level(), rows(16), OPTIONS, evaluate=evaluate)
    assert seen == [(True, False)]
    # The copy of the weights, which the probe alone makes, is not training's.
    assert measured.peak_memory_bytes == 10**9 - 4 * count_parameters(model).trainable


def test_time_ends_the_random_steps_but_four_are_made() -> None:
    model = Full().apply(tiny.model("llama"))
    assert probe(model, tiny.byte_level(), rows(80), OPTIONS, seconds=0.0).steps == 4
    assert probe(model, tiny.byte_level(), rows(80), OPTIONS, steps=6, seconds=60.0).steps == 6


def test_what_training_refuses_is_refused_beforehand() -> None:
    model = PTuningV2(prompt_length=3).apply(tiny.model("llama"))
    with pytest.raises(UserError, match="gradient checkpointing"):
        probe(model, tiny.byte_level(), rows(16), OPTIONS.model_copy(update={"gradient_checkpointing": True}))


@pytest.mark.parametrize(("optimizer", "numbers"), [("adamw", 2.0), ("sgd", 0.0), ("adafactor", 0.1)])
def test_the_optimizers_state_is_that_of_training(optimizer: str, numbers: float) -> None:
    """Numbers a parameter: AdamW keeps two, SGD none, Adafactor a row and a column of each matrix."""
    model = Full().apply(tiny.model("llama"))
    stepped = make_optimizer(model, OPTIONS.model_copy(update={"optimizer": optimizer}))
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    stepped.step()
    state = [value for entry in stepped.state.values() for value in entry.values()]
    held = sum(value.numel() for value in state if torch.is_tensor(value))
    assert held / sum(p.numel() for p in model.parameters()) == pytest.approx(numbers, abs=0.1)


def test_time_is_computed_tokens_times_epochs_and_a_third_for_validation() -> None:
    data = rows(16)
    measured = Probe(
        seconds_per_step=0.0, seconds_per_token=2.0, epoch_tokens=50, peak_memory_bytes=0, steps=1, pieces=1
    )
    options = TrainingOptions(epochs=3, batch_size=1)
    assert predict_seconds(measured, data, options) == 3 * 50 * 2.0
    # Validation rows share as much among them as those of the training do: half of them computes 25.
    half = data.select(range(8))
    share = sum(half["length"]) / sum(data["length"])
    assert predict_seconds(measured, data, options, half) == pytest.approx(300 + 3 * 50 * share * 2.0 / 3)


@pytest.mark.parametrize(("dropout", "packs"), [(0.0, True), (0.1, False)])
def test_computed_tokens_are_those_of_the_way_that_rows_are_read(dropout: float, packs: bool) -> None:
    model, data = Full().apply(tiny.model("llama", attention_dropout=dropout)), rows(40)
    seen = probe(model, tiny.byte_level(), data, OPTIONS.model_copy(update={"batch_size": 8}))
    collate = Collator(0, max(data["length"]))
    batches = [collate([data[at] for at in batch]) for batch in choose_batches(data, OPTIONS, seed=0)]
    tokens = [(batch["layout"].ids if packs else batch["input_ids"]).numel() for batch in batches]
    assert seen.epoch_tokens == sum(tokens)


_MEMORY = """
import sys
from pathlib import Path
from luthier.methods import Full
from luthier.training import TrainingOptions, probe, train
from tests.models import tiny
from tests.training.rows import rows

options = TrainingOptions(steps=4, batch_size=8, precision="float32")
model = Full().apply(tiny.model("llama", hidden_size=512, intermediate_size=2048, num_hidden_layers=4))
if sys.argv[1] == "probe":
    print(probe(model, tiny.byte_level(), rows(64), options).peak_memory_bytes)
else:
    result = train(
        model, tiny.byte_level(), rows(64), options=options, learning_rate=1e-4, output_dir=Path(sys.argv[2])
    )
    print(result.peak_memory_bytes)
"""


@pytest.mark.slow
def test_memory_is_foretold_within_a_quarter(tmp_path: Path) -> None:
    """In processes of their own, as `luthier check` and `luthier run` are."""
    jobs = [
        subprocess.Popen(
            [sys.executable, "-c", _MEMORY, what, str(tmp_path)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        for what in ("probe", "train")
    ]
    foretold, measured = (int(job.communicate(timeout=120)[0]) for job in jobs)
    assert abs(foretold - measured) < 0.25 * measured
