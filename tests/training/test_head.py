"""Losses of large vocabularies: those of whole logits, without the whole logits."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
import torch
from tests.models import tiny
from tests.training.engine.rows import batch, wordings
from tests.training.engine.test_forward import build
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import AutoModelForCausalLM, Gemma2Config, GPTJConfig, GraniteConfig

from luthier.methods import Freeze, Full, Lora, PTuningV2, Trainable
from luthier.training import head, head_loss
from luthier.training.engine import Forward
from luthier.training.loss import supervised_loss

METHODS = (
    Full(),
    Freeze(),
    Freeze(trainable=Trainable(patterns=("lm_head|embed|wte",))),
    Lora(rank=2),
    PTuningV2(prompt_length=3),
)
WORDS = 384
CHUNK = 4


@pytest.fixture
def chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few words and tokens already count as many."""
    monkeypatch.setattr(head, "_LIMIT", CHUNK * WORDS)
    monkeypatch.setattr(head_loss, "_CHUNK", CHUNK)


class Largest(TorchDispatchMode):
    """Watches how many tokens' logits a tensor holds at most, gradients and intermediate results included.

    Attributes:
        tokens: How many.
        products: Products with the output layer that gave logits.
    """

    tokens = 0
    products = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if func is torch.ops.aten.t.default:
            return made  # the head's own matrix, turned
        if func is torch.ops.aten.mm.default:
            self.products += made.shape[-1] == WORDS
        for tensor in made if isinstance(made, tuple | list) else (made,):
            if isinstance(tensor, torch.Tensor) and tensor.ndim > 1 and tensor.shape[-1] == WORDS:
                self.tokens = max(self.tokens, tensor.numel() // WORDS)
        return made


def textbook(model: Any, rows: dict[str, Any]) -> torch.Tensor:
    """The plain forward pass with logits everywhere, and torch's own cross-entropy."""
    logits = model(input_ids=rows["input_ids"], attention_mask=rows["attention_mask"]).logits[:, :-1]
    losses = cross_entropy(logits.flatten(0, 1), rows["labels"][:, 1:].flatten(), reduction="none")
    return (losses.view(len(logits), -1).sum(dim=1) * rows["weight"]).sum()


def gradients(model: Any, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    loss.backward()
    found = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
    model.zero_grad()
    return found


def check_alike(model: Any, *, packed: bool) -> Largest:
    rows = batch(wordings(), 7)
    assert int((rows["labels"][:, 1:] != -100).sum()) > 2 * CHUNK
    wanted_loss = textbook(model, rows)
    wanted = gradients(model, wanted_loss)
    forward = Forward(model)
    with forward.reading(model, rows) if packed else nullcontext(), Largest() as seen:
        loss = forward.loss(model, rows) if packed else supervised_loss(model, rows)
        found = gradients(model, loss)
    assert forward.packs
    assert loss.item() == pytest.approx(wanted_loss.item(), rel=1e-6)
    assert wanted.keys() == found.keys()
    largest = float(max(gradient.abs().max() for gradient in wanted.values()))
    for name, gradient in wanted.items():
        assert torch.allclose(found[name], gradient, rtol=1e-5, atol=1e-6 * max(1, largest)), name
    return seen


@pytest.mark.usefixtures("chunks")
@pytest.mark.parametrize("method", METHODS, ids=lambda method: repr(method).replace(" ", ","))
@pytest.mark.parametrize("family", ["llama", "qwen2", "gpt2"])
def test_losses_and_gradients_are_those_of_whole_logits_and_only_a_chunk_of_them_exists(
    family: str, method: Any
) -> None:
    assert check_alike(method.apply(tiny.model(family)), packed=True).tokens == CHUNK


@pytest.mark.parametrize("method", [Lora(rank=2), PTuningV2(prompt_length=3), Freeze(head=False)])
def test_a_frozen_heads_logits_never_exist_at_once_and_are_computed_once(
    method: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head_loss, "_CHUNK", CHUNK)
    seen = check_alike(method.apply(tiny.model("llama")), packed=True)
    assert seen.tokens == CHUNK
    supervised = int((batch(wordings(), 7)["labels"][:, 1:] != -100).sum())
    assert seen.products == -(-supervised // CHUNK)


def test_whether_logits_come_through_is_looked_at_once_a_head(monkeypatch: pytest.MonkeyPatch) -> None:
    model, rows, looked = Lora(rank=2).apply(tiny.model("llama")), batch(wordings(), 7), []
    whole = head._came_through
    monkeypatch.setattr(head, "_came_through", lambda logits: looked.append(1) or whole(logits))
    losses = [supervised_loss(model, rows).item() for _ in range(3)]
    assert losses == [losses[0]] * 3
    assert looked == [1]


@pytest.mark.usefixtures("chunks")
def test_a_head_with_a_bias_is_computed_in_chunks_row_by_row_too() -> None:
    config = GPTJConfig(
        vocab_size=WORDS, n_embd=32, n_layer=2, n_head=4, n_positions=128, rotary_dim=4,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=None, eos_token_id=0,
    )  # fmt: skip
    torch.manual_seed(0)
    model = Full().apply(AutoModelForCausalLM.from_config(config))
    torch.nn.init.normal_(model.lm_head.bias)
    rows = batch(wordings(), 7)
    with Largest() as seen:
        found = gradients(model, supervised_loss(model, rows))
    assert seen.tokens == CHUNK
    wanted = gradients(model, textbook(model, rows))
    assert wanted["lm_head.bias"].abs().max() > 0
    for name, gradient in wanted.items():
        assert torch.allclose(found[name], gradient, rtol=1e-5, atol=1e-5), name


@pytest.mark.usefixtures("chunks")
def test_rows_read_one_by_one_are_computed_in_chunks() -> None:
    assert check_alike(Full().apply(tiny.model("llama")), packed=False).tokens == CHUNK


@pytest.mark.usefixtures("chunks")
@pytest.mark.parametrize("what", ["capped", "scaled", "adapted"])
def test_logits_that_are_not_the_heads_own_are_computed_whole(what: str) -> None:
    size: dict[str, Any] = {
        "vocab_size": WORDS, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "pad_token_id": 0,
    }  # fmt: skip
    torch.manual_seed(0)
    if what == "capped":
        config = Gemma2Config(**size, head_dim=8, final_logit_softcapping=30.0, attn_implementation="eager")
        model = Full().apply(AutoModelForCausalLM.from_config(config))
    elif what == "scaled":
        model = Full().apply(AutoModelForCausalLM.from_config(GraniteConfig(**size, logits_scaling=1.01)))
    else:
        model = Lora(rank=2, targets=("q_proj", "lm_head")).apply(tiny.model("llama"))
    rows = batch(wordings(), 7)
    wanted = textbook(model, rows)
    for _ in range(2):
        with Largest() as seen:
            loss = supervised_loss(model, rows)
        assert seen.tokens > CHUNK
        assert torch.allclose(loss, wanted, rtol=1e-6)


@pytest.mark.usefixtures("chunks")
def test_finding_out_that_logits_are_changed_draws_no_random_numbers() -> None:
    model = tiny.model("llama", attention_dropout=0.3).train()
    whole = model.forward

    def halved(**inputs: Any) -> Any:
        output = whole(**inputs)
        output.logits = output.logits / 2
        return output

    model.forward = halved
    rows = batch(wordings(), 7)
    losses = []
    for _ in range(2):  # the first time it is found out, the second time it is known
        torch.manual_seed(0)
        losses.append(supervised_loss(model, rows))
    assert torch.equal(*losses)


@pytest.mark.usefixtures("chunks")
def test_products_are_those_of_autocast() -> None:
    model, rows = tiny.model("llama"), batch(wordings(), 7)
    with torch.autocast("cpu", torch.bfloat16):
        wanted = textbook(model, rows)
        found = supervised_loss(model, rows)
    assert found.item() == pytest.approx(wanted.item(), rel=1e-3)
    assert found.item() != pytest.approx(textbook(model, rows).item(), rel=1e-7)


def test_few_logits_are_computed_whole_in_one_product() -> None:
    model = build("llama")
    with Largest() as seen:
        supervised_loss(model, batch(wordings(), 7))
    assert seen.tokens > CHUNK
