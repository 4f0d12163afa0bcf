"""What the engine must not change: losses and gradients, for every method and family."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import torch
from tests.models import tiny
from tests.training.engine.rows import batch, draws, wordings
from transformers import AutoModelForCausalLM, Gemma2Config, Gemma3TextConfig, MistralConfig, Qwen3Config

from luthier.methods import Freeze, Full, Lora, PTuningV2
from luthier.training.engine import Forward
from luthier.training.loss import supervised_loss

METHODS = (
    Full(),
    Freeze(),
    Lora(rank=2),
    Lora(rank=2, dora=True),
    PTuningV2(prompt_length=3),
    PTuningV2(prompt_length=3, projection=True),
)
FAMILIES = ("llama", "qwen2", "gpt2", "qwen3", "mistral", "gemma3")
_SIZE: dict[str, Any] = {
    "vocab_size": 384,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 256,
}
CONFIGS: dict[str, Any] = {
    "qwen3": lambda: Qwen3Config(**_SIZE),
    "mistral": lambda: MistralConfig(**_SIZE, sliding_window=None),
    "gemma3": lambda: Gemma3TextConfig(**_SIZE, sliding_window=128),
    "gemma2": lambda: Gemma2Config(**_SIZE, attn_logit_softcapping=2.0, attn_implementation="eager"),
}


def build(family: str, **changes: Any) -> Any:
    if family not in CONFIGS:
        return tiny.model(family, **changes)
    config = CONFIGS[family]()
    for name, value in changes.items():
        setattr(config, name, value)
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(config).float()


def gradients(model: Any) -> dict[str, torch.Tensor]:
    found = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
    model.zero_grad()
    return found


def both(model: Any, rows: dict[str, Any]) -> tuple[Forward, list[float], list[dict[str, torch.Tensor]]]:
    """Loss and gradients read row by row, and by the engine."""
    model.train()
    loss = supervised_loss(model, rows)
    loss.backward()
    plain = gradients(model)
    forward = Forward(model)
    with forward.reading(model, rows):
        packed = forward.loss(model, rows)
        packed.backward()
    return forward, [loss.item(), packed.item()], [plain, gradients(model)]


def check_alike(model: Any, rows: dict[str, Any]) -> Forward:
    forward, (plain, packed), (wanted, found) = both(model, rows)
    assert packed == pytest.approx(plain, rel=1e-6)
    assert wanted.keys() == found.keys()
    largest = max(gradient.abs().max() for gradient in wanted.values())
    for name, gradient in wanted.items():
        assert torch.allclose(found[name], gradient, rtol=1e-4, atol=2e-6 * float(largest)), name
    return forward


@pytest.mark.parametrize("method", METHODS, ids=lambda method: repr(method).replace(" ", ","))
@pytest.mark.parametrize("family", FAMILIES)
def test_loss_and_gradients_are_those_of_rows_read_one_by_one(family: str, method: Any) -> None:
    forward = check_alike(method.apply(build(family)), batch(wordings(), 7))
    assert forward.packs


@pytest.mark.parametrize("count", [1, 2, 8])
def test_any_batch_is_read_the_same(count: int) -> None:
    model = Full().apply(build("llama"))
    for beginnings in (wordings(), wordings()[:1], [[7]]):
        assert check_alike(model, batch(beginnings, count, seed=count)).packs


def test_rows_that_are_equal_learn_twice_from_what_they_share() -> None:
    model, rows = Full().apply(build("llama")), batch(wordings()[:1], 1)
    from luthier.training.batches import Collator

    one = {
        "input_ids": rows["input_ids"][0].tolist(),
        "labels": rows["labels"][0].tolist(),
        "weight": 1.0,
    }
    twice = Collator(0)([one, {**one, "weight": 0.5}])
    assert twice["layout"].repeats
    assert check_alike(model, twice).packs


@pytest.mark.parametrize("method", [Full(), Lora(rank=2)], ids=lambda method: method.type)
@pytest.mark.parametrize("family", ["llama", "qwen3"])
def test_checkpointed_layers_give_the_same(family: str, method: Any) -> None:
    model = method.apply(build(family))
    model.gradient_checkpointing_enable({"use_reentrant": False})
    if hasattr(model, "enable_input_require_grads"):
        model.enable_input_require_grads()
    assert check_alike(model, batch(wordings(), 5)).packs


def test_bfloat16_is_read_the_same_within_its_precision() -> None:
    model, rows = Full().apply(build("llama")), batch(wordings(), 7)
    forward = Forward(model)
    precision = torch.autocast("cpu", torch.bfloat16)
    with forward.reading(model, rows), precision:
        packed = forward.loss(model, rows).item()
    assert forward.packs
    assert packed == pytest.approx(supervised_loss(model, rows).item(), rel=0.01)


def test_what_is_shared_is_computed_once_and_the_last_layer_for_the_asked_tokens_only() -> None:
    model, rows = Full().apply(build("llama")), batch(wordings()[:1], 8)
    forward = Forward(model)
    with forward.reading(model, rows):
        pass  # proven
    seen: list[list[int]] = []
    for layer in model.model.layers:
        layer.mlp.register_forward_hook(lambda _, args, __: seen[-1].append(args[0].shape[1]))
    seen.append([])
    with forward.reading(model, rows):
        forward.loss(model, rows)
    layout = rows["layout"]
    assert seen == [[layout.ids.shape[1], len(layout.asked)]]
    assert layout.ids.shape[1] < 40 + sum(rows["attention_mask"].sum(dim=1) - 40) + 64
    assert len(layout.asked) < (rows["labels"][:, 1:] != -100).sum() + 16


def test_four_rows_of_the_first_batch_are_read_both_ways_the_longest_among_them() -> None:
    model, rows = build("llama"), batch(wordings()[:1], 12)
    shapes: list[tuple[int, ...]] = []
    model.model.embed_tokens.register_forward_hook(lambda _, args, __: shapes.append(tuple(args[0].shape)))
    forward = Forward(model)
    with forward.reading(model, rows):
        assert forward.packs
    lengths = rows["attention_mask"].sum(dim=1)
    few = {0, 1, 11, int(lengths.argmax())}
    assert shapes[0] == (len(few), max(lengths))
    assert shapes[1][0] == 1
    assert shapes[1][1] < sum(lengths[list(few)])


def test_the_model_is_as_before_afterwards() -> None:
    model, rows = Full().apply(build("llama")), batch(wordings(), 4)
    forward = Forward(model)
    with forward.reading(model, rows):
        forward.loss(model, rows).backward()
    assert model.config._attn_implementation == "sdpa"
    assert "forward" not in vars(model.model.layers[-1])
    generated = model.generate(rows["input_ids"][:1, :9], max_new_tokens=2, pad_token_id=0, do_sample=False)
    assert generated.shape == (1, 11)


@pytest.mark.parametrize(
    ("family", "changes", "reason"),
    [
        ("gpt2", {"resid_pdrop": 0.1}, "dropped at random"),
        ("llama", {"attention_dropout": 0.1}, "attention at random"),
        ("gemma2", {}, "softcap"),
    ],
)
def test_a_model_that_packed_rows_do_not_suit_is_read_row_by_row_and_it_is_said(
    family: str, changes: dict[str, Any], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    model = build(family, **changes)
    if "resid_pdrop" in changes:
        for layer in model.transformer.h:
            layer.attn.resid_dropout.p = 0.1
    model.train()
    rows = batch(wordings(), 4)
    with caplog.at_level(logging.INFO):
        forward = Forward(model)
        for _ in range(2):
            torch.manual_seed(0)
            with forward.reading(model, rows):
                loss = forward.loss(model, rows)
    torch.manual_seed(0)
    assert torch.equal(loss, supervised_loss(model, rows))
    assert not forward.packs
    assert [reason in record.getMessage() for record in caplog.records] == [True]


def test_a_model_that_computes_something_else_on_packed_rows_is_found_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model, rows = build("llama"), batch(wordings(), 4)
    for layer in model.model.layers:
        layer.self_attn.q_proj.weight.data *= 50  # so that positions matter
    whole = model.model.rotary_emb.forward
    # Positions counted from the front of whatever is read, whatever the caller says.
    model.model.rotary_emb.forward = lambda x, position_ids: whole(x, torch.arange(x.shape[1])[None])
    forward = Forward(model)
    with forward.reading(model, rows):
        loss = forward.loss(model, rows)
    assert torch.equal(loss, supervised_loss(model, rows))
    assert "another loss" in caplog.text


def test_rows_longer_than_a_sliding_window_are_read_one_by_one() -> None:
    import random

    model = build("mistral", sliding_window=48)
    short, long = batch([draws(random.Random(0), 20)], 3), batch([draws(random.Random(0), 60)], 3)
    forward = Forward(model)
    counts: list[int] = []
    model.model.layers[0].register_forward_pre_hook(lambda _, args: counts.append(len(args[0])))
    for rows in (short, long):
        counts.clear()
        with forward.reading(model, rows):
            loss = forward.loss(model, rows)
        assert counts[-1] == (1 if rows is short else 3)
        assert loss.item() == pytest.approx(supervised_loss(model, rows).item(), rel=1e-6)
