"""Operations counted for a model and its batches, against PyTorch's own counter and against sums by hand.

By hand it is the tiny Llama: two layers of 1024 + 512 + 512 + 1024 weights of attention (queries, keys,
values, output) and 3 * 1536 of the feed-forward part, a head of 32 * 384, four heads of width 8.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.models import tiny
from tests.training.engine.rows import batch, draws, row, wordings
from tests.training.engine.test_forward import METHODS, build
from tests.training.rows import rows
from torch.utils.flop_counter import FlopCounterMode

from luthier.methods import Freeze, Full, Lora, PTuningV2, Trainable
from luthier.training import TrainingOptions, train
from luthier.training.batches import Collator
from luthier.training.engine import EngineReport, Forward, Layout, Meter
from luthier.training.engine.cost import UncountedError, model_cost

LAYER, KEYS, HEAD = 4 * 768 + 3 * 1536, 2 * 512, 32 * 384
"""Weights of the tiny Llama: of a layer, of what makes its keys and values, of its head."""

PAIR = 6 * 2 * 4 * 8
"""Operations for a query and a key: two products forwards and four backwards, four heads of width 8."""


def read(model: Any, *batches: tuple[Layout, int | None]) -> EngineReport:
    meter = Meter(model_cost(model))
    for layout, skipped in batches:
        meter.add(layout, skipped)
    return meter.report(1.0, 1.0)


def layout_of(*lengths: int, shared: int = 0, answer: int = 4) -> Layout:
    """Rows of some lengths, alike for `shared` tokens and at no token after that."""
    draw = random.Random(0)
    begins = draws(draw, shared)
    made = [
        row([*begins, 5 + number, *draws(draw, length - shared - answer - 1)], draws(draw, answer))
        for number, length in enumerate(lengths)
    ]
    return Collator(0)(made)["layout"]


def triangle(tokens: int) -> int:
    """Queries and keys of a row by itself."""
    return tokens * (tokens + 1) // 2


def counted(counter: FlopCounterMode, *names: str) -> int:
    return sum(count for name, count in counter.get_flop_counts()["Global"].items() if str(name) in names)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: repr(method).replace(" ", ","))
@pytest.mark.parametrize("family", ["llama", "gpt2", "qwen3"])
def test_plain_reading_is_what_pytorch_counts(family: str, method: Any) -> None:
    count, length = 3, 24
    model = method.apply(build(family))
    virtual = getattr(method, "prompt_length", 0) if isinstance(method, PTuningV2) else 0
    found = read(model, (layout_of(*[length] * count), 0)).plain_flops
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    base.config._attn_implementation = "eager"
    model.train()
    with FlopCounterMode(display=False) as counter:
        model(input_ids=torch.full((count, length), 7), use_cache=False).logits.sum().backward()
    linear = counted(counter, "aten.mm", "aten.addmm")
    # The plain products compute what the mask hides too.
    seen = (triangle(length) + virtual * length) / (length * (length + virtual))
    attention = counted(counter, "aten.bmm") * seen
    if isinstance(method, PTuningV2) and method.projection:
        # The same prefix is made for every row; once is enough in either way of reading.
        linear -= (count - 1) * model_cost(model).outside.once
    assert found == pytest.approx(linear + attention, rel=1e-12)


def test_packed_reading_needs_what_pytorch_counts_but_for_the_last_layers_two_passes() -> None:
    model = Full().apply(build("llama"))
    # As long as a packed row is filled up to, with as many asked tokens: nothing is computed to fill up.
    rows_of_batch = Collator(0)([row(draws(random.Random(0), 48), draws(random.Random(1), 16))])
    layout, forward = rows_of_batch["layout"], Forward(model)
    with forward.reading(model, rows_of_batch):
        pass  # proven
    with forward.reading(model, rows_of_batch), FlopCounterMode(display=False) as counter:
        forward.loss(model, rows_of_batch).backward()
    # Both passes of the last layer make queries, keys and values; all queries of the first are left, and
    # keys and values of the second.
    twice = 64 * 2 * 1024 + 16 * 2 * KEYS
    pairs = triangle(64) + triangle(63) - triangle(47)
    necessary = read(model, (layout, 0)).necessary_flops
    assert necessary == counted(counter, "aten.mm", "aten.addmm") - twice + pairs * PAIR
    # Attention of one run is a block: all queries and keys of it, and those up to the last asked token.
    assert counted(counter, "aten.bmm") == (64 * 64 + 16 * 63) * PAIR


def test_a_shared_beginning_saves_all_but_one_of_its_rows() -> None:
    model = Full().apply(build("llama"))
    report = read(model, (layout_of(60, 60, 60, shared=40), 0))
    plain = 3 * 60 * 6 * (2 * LAYER + HEAD) + 3 * triangle(60) * 2 * PAIR
    shared = 2 * 40 * 6 * (2 * LAYER + HEAD) + 2 * triangle(40) * 2 * PAIR
    assert report.plain_flops == plain
    assert report.savings.shared == pytest.approx(shared / plain)
    assert (report.savings.padding, report.savings.trunk) == (0, 0)


def test_padding_costs_its_positions_and_the_keys_that_they_would_see() -> None:
    report = read(Full().apply(build("llama")), (layout_of(30, 10), 0))
    plain = 2 * 30 * 6 * (2 * LAYER + HEAD) + 2 * triangle(30) * 2 * PAIR
    padding = 20 * 6 * (2 * LAYER + HEAD) + (triangle(30) - triangle(10)) * 2 * PAIR
    assert report.savings.padding == pytest.approx(padding / plain)
    assert report.savings.shared == 0


def test_the_last_layer_and_the_head_cost_what_is_asked() -> None:
    report = read(Full().apply(build("llama")), (layout_of(30, answer=5), 0))
    # Five of thirty tokens predict one that counts: the last but one to the last but five.
    unasked = 25 * 6 * (LAYER - KEYS + HEAD) + triangle(24) * PAIR + 30 * PAIR
    assert report.savings.unasked == pytest.approx(unasked / report.plain_flops)


@pytest.mark.parametrize("family", ["llama", "qwen2", "gpt2", "gemma3"])
@pytest.mark.parametrize("method", METHODS, ids=lambda method: repr(method).replace(" ", ","))
def test_savings_and_what_is_necessary_are_all_of_plain_reading(family: str, method: Any) -> None:
    model = method.apply(build(family))
    batches = [(batch(wordings(), 7, seed=seed)["layout"], 0) for seed in range(3)]
    report = read(model, *batches)
    saved = report.savings
    parts = (report.necessary_share, saved.padding, saved.shared, saved.unasked, saved.trunk)
    assert all(part >= 0 for part in parts)
    assert sum(parts) == pytest.approx(1)
    assert min(saved.padding, saved.shared, saved.unasked) > 0.02


def test_rows_read_one_by_one_save_logits_and_waste_their_padding() -> None:
    report = read(Full().apply(build("llama")), (layout_of(30, 10, answer=4), None))
    tokens = 40 * 6 * 2 * LAYER + (triangle(30) + triangle(10)) * 2 * PAIR
    assert report.necessary_flops == tokens + 8 * 6 * HEAD
    assert report.savings.unasked * report.plain_flops == pytest.approx(52 * 6 * HEAD)
    assert (report.savings.padding, report.savings.shared, report.savings.trunk) == (0, 0, 0)


def test_only_what_trains_has_gradients_of_its_weights() -> None:
    # Rank 2: 2 * (in + out) weights beside each of seven matrices.
    beside = 2 * (64 + 48 + 48 + 64 + 80 + 80 + 80)
    first, last = model_cost(Lora(rank=2).apply(build("llama"))).layers
    assert last.token == 4 * LAYER + 6 * beside
    # Below the first layer nothing trains: queries, keys and values send no gradient down, nor do the first
    # halves of their adapters (2 * 32 weights each).
    assert first.token == 2 * 2048 + 4 * (LAYER - 2048) + 4 * 3 * 64 + 6 * (beside - 3 * 64)
    frozen, trained = model_cost(Freeze(trainable=Trainable(last=1)).apply(build("llama"))).layers
    assert (frozen.token, frozen.pair) == (2 * LAYER, PAIR / 3)
    # The norm in front of the first product trains, so all of them send gradients down to it.
    assert (trained.token, trained.pair) == (6 * LAYER, PAIR)


@pytest.mark.parametrize("family", ["llama", "qwen3", "gpt2"])
def test_keys_and_values_are_told_from_queries_whatever_they_are_called(family: str) -> None:
    # GPT-2 makes queries, keys and values of width 32 in one product; the others have half as many keys.
    keys = 2 * 32 * 32 if family == "gpt2" else KEYS
    assert model_cost(Full().apply(build(family))).keys == pytest.approx(6 * keys)
    adapters = 2 * (32 + 96 * 2 / 3) - 2 * 32 + 2 * 32 if family == "gpt2" else 2 * 2 * (32 + 16)
    assert model_cost(Lora(rank=2).apply(build(family))).keys == pytest.approx(4 * keys + 6 * adapters)


def test_kept_layers_cost_nothing_at_a_step_and_once_before() -> None:
    model = Freeze(trainable=Trainable(last=1)).apply(build("llama"))
    meter, layout = Meter(model_cost(model)), layout_of(30, 30)
    meter.keep(layout)
    for _ in range(5):
        meter.add(layout, 1)
    report, without = meter.report(1.0, 1.0), read(model, *[(layout, 0)] * 5)
    frozen = 60 * 2 * LAYER + 2 * triangle(30) * PAIR / 3
    assert report.savings.trunk * report.plain_flops == pytest.approx(4 * frozen)
    assert without.necessary_flops - report.necessary_flops == pytest.approx(4 * frozen)


def test_speed_and_utilisation_follow_from_operations_and_seconds() -> None:
    meter = Meter(model_cost(Full().apply(build("llama"))))
    meter.add(layout_of(30), None)
    necessary = 30 * 6 * 2 * LAYER + triangle(30) * 2 * PAIR + 4 * 6 * HEAD
    report = meter.report(2.0, necessary * 4.0)
    assert report.flops_per_second == necessary / 2
    assert report.utilisation == pytest.approx(1 / 8)
    assert report.to_json()["savings"].keys() == {"padding", "shared", "unasked", "trunk"}
    assert report.to_json()["utilisation"] == report.utilisation


@pytest.mark.parametrize("mode", [True, False])
def test_counting_leaves_the_model_and_random_numbers_as_they_were(mode: bool) -> None:
    model = Lora(rank=2, dropout=0.5).apply(build("llama")).train(mode)
    before = torch.get_rng_state()
    model_cost(model)
    assert torch.equal(torch.get_rng_state(), before)
    assert model.training is mode
    assert all(weight.grad is None for weight in model.parameters())
    assert model.config._attn_implementation == "sdpa"
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def fine_tune(
    folder: Path,
    model: Any,
    *,
    evaluate: Any = None,
    resume: bool = False,
    trunk: Path | None = None,
    **options: Any,
) -> Any:
    given = TrainingOptions(**{"epochs": 3, "batch_size": 16, "precision": "float32", **options})
    return train(
        model,
        tiny.byte_level(),
        rows(16),
        options=given,
        learning_rate=1e-3,
        output_dir=folder,
        resume=resume,
        evaluate=evaluate,
        trunk=trunk,
    )


def test_a_training_counts_its_batches_in_its_seconds(tmp_path: Path, caplog: Any) -> None:
    with caplog.at_level("INFO"):
        result = fine_tune(tmp_path, Full().apply(tiny.model("llama")))
    lengths = rows(16)["length"]
    longest = max(lengths)
    # One batch holds all rows; three passes over it.
    plain = 3 * 16 * (longest * 6 * (2 * LAYER + HEAD) + triangle(longest) * 2 * PAIR)
    assert result.engine.plain_flops == pytest.approx(plain)
    assert result.engine.seconds * result.samples_per_second == pytest.approx(48)
    assert result.engine.peak_flops_per_second > 1e6
    (line,) = [record.getMessage() for record in caplog.records if "samples/s" in record.getMessage()]
    assert f"{result.engine.utilisation:.0%} of the machine's" in line
    assert f"necessary: {result.engine.necessary_share:.0%}" in line


def test_a_resumed_training_counts_what_it_did_itself(tmp_path: Path) -> None:
    def begun(folder: str, evaluate: Any = lambda model: {"kappa": 0.5}, **options: Any) -> Any:
        return fine_tune(tmp_path / folder, Full().apply(tiny.model("llama")), evaluate=evaluate, **options)

    def killed(model: Any) -> dict[str, float]:
        if list((tmp_path / "b").glob("checkpoint-1")):
            raise KeyboardInterrupt
        return {"kappa": 0.5}

    whole = begun("a")
    with pytest.raises(KeyboardInterrupt):
        begun("b", killed)
    rest = begun("b", resume=True)
    assert (whole.steps, rest.steps) == (3, 3)
    # Two of three passes over the same rows.
    assert rest.engine.plain_flops == pytest.approx(whole.engine.plain_flops * 2 / 3)
    assert rest.engine.necessary_flops == pytest.approx(whole.engine.necessary_flops * 2 / 3)
    assert rest.engine.seconds * rest.samples_per_second == pytest.approx(32)


def test_computing_activations_twice_is_not_necessary(tmp_path: Path) -> None:
    once = fine_tune(tmp_path / "a", Lora(rank=2).apply(tiny.model("llama")))
    twice = fine_tune(tmp_path / "b", Lora(rank=2).apply(tiny.model("llama")), gradient_checkpointing=True)
    assert twice.engine.necessary_flops == once.engine.necessary_flops


def test_layers_kept_by_an_earlier_training_cost_not_even_the_once(tmp_path: Path) -> None:
    def saved(folder: str, **options: Any) -> float:
        model = Freeze(trainable=Trainable(last=1)).apply(tiny.model("llama"))
        engine = fine_tune(tmp_path / folder, model, **options).engine
        assert sum(engine.to_json()["savings"].values()) + engine.necessary_share == pytest.approx(1)
        return engine.savings.trunk

    first, second = (saved(name, trunk=tmp_path / "trunk") for name in ("a", "b"))
    # Of three passes over one batch, two run without the frozen layer, then all three.
    assert first > 0
    assert second == pytest.approx(first * 3 / 2)
    assert saved("c", trunk_cache=False) == 0


def test_a_model_with_attention_of_its_own_is_not_counted_and_trains(tmp_path: Path, caplog: Any) -> None:
    model = Full().apply(build("llama"))
    for layer in model.model.layers:
        layer.self_attn.forward = lambda hidden_states, **_: (hidden_states, None)
    with pytest.raises(UncountedError, match="attention is its own"):
        model_cost(model)
    with caplog.at_level("INFO"):
        result = fine_tune(tmp_path, model)
    assert result.engine is None
    assert "not counted: its attention is its own" in caplog.text
    assert result.samples_per_second > 0
