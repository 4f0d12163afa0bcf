from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from tests.methods.contract import MethodContract
from tests.methods.test_full import GPT2_LAYER, LLAMA_LAYER, QWEN2_LAYER
from tests.models import tiny

from luthier.errors import UserError
from luthier.methods import Freeze, Trainable


class TestLastLayer(MethodContract):
    """By default the head moves only where it is a matrix of its own, as in the Llama here."""

    method = Freeze(trainable=Trainable(last=1))

    def moves(self, family: str, name: str) -> bool:
        return any(part in name for part in ("layers.1.", "h.1.", "model.norm", "ln_f", "lm_head"))

    def trainable(self, family: str) -> int:
        return {
            "llama": LLAMA_LAYER + 32 + 384 * 32,
            "qwen2": QWEN2_LAYER + 32,
            "gpt2": GPT2_LAYER + 64,
        }[family]


class TestFirstLayerAndEmbeddings(MethodContract):
    method = Freeze(trainable=Trainable(first=1), embeddings=True, norm=False)

    def moves(self, family: str, name: str) -> bool:
        return any(part in name for part in ("layers.0.", "h.0.", "embed_tokens", "wte", "wpe", "lm_head"))

    def trainable(self, family: str) -> int:
        return {
            "llama": LLAMA_LAYER + 2 * 384 * 32,
            "qwen2": QWEN2_LAYER + 384 * 32,
            "gpt2": GPT2_LAYER + 384 * 32 + 128 * 32,
        }[family]


class TestPatterns(MethodContract):
    method = Freeze(trainable=Trainable(patterns=(r"(layers|h)\.\d\.mlp",)))
    rate = 3e-2

    def moves(self, family: str, name: str) -> bool:
        return ".mlp." in name

    def trainable(self, family: str) -> int:
        gated = 2 * 3 * 32 * 48
        return {"llama": gated, "qwen2": gated, "gpt2": 2 * (2 * 32 * 128 + 128 + 32)}[family]


def test_head_and_embeddings_that_are_one_matrix_cannot_part() -> None:
    with pytest.raises(UserError, match="one matrix"):
        Freeze(head=True).apply(tiny.model("qwen2"))
    model = Freeze(head=True, embeddings=True).apply(tiny.model("qwen2"))
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert model.lm_head.weight.requires_grad


def test_head_stated_false_stays() -> None:
    assert not Freeze(head=False).apply(tiny.model("llama")).lm_head.weight.requires_grad


def test_what_does_not_fit_the_model_is_refused_with_advice() -> None:
    with pytest.raises(UserError, match="the model has 2"):
        Freeze(trainable=Trainable(last=3)).apply(tiny.model("llama"))
    with pytest.raises(UserError, match=r"no parameter's name matches") as caught:
        Freeze(trainable=Trainable(patterns=("transformer",))).apply(tiny.model("llama"))
    assert "model.embed_tokens.weight" in caught.value.hint


@pytest.mark.parametrize("wrong", [{}, {"last": 1, "first": 1}, {"last": 0}, {"patterns": ["("]}])
def test_exactly_one_choice_that_makes_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Trainable.model_validate(wrong)


def test_one_type_runs_through_a_half_precision_model() -> None:
    model = Freeze(trainable=Trainable(last=1)).apply(tiny.model("llama").to(torch.bfloat16))
    assert torch.isfinite(model(torch.tensor([[1, 2]])).logits).all()
