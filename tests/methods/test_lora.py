from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from tests.methods.contract import IDS, MethodContract, train
from tests.models import tiny

from luthier.errors import UserError
from luthier.methods import Lora, count_parameters

# A rank-r addition to a matrix of a by b has r * (a + b) parameters.
ATTENTION = (32 + 32) + 2 * (32 + 16) + (32 + 32)
GATED = ATTENTION + 3 * (32 + 48)
GPT2 = (32 + 96) + (32 + 32) + 2 * (32 + 128)


class TestLora(MethodContract):
    method = Lora(rank=4, alpha=8)
    rate = 3e-2

    def moves(self, family: str, name: str) -> bool:
        return False

    def trainable(self, family: str) -> int:
        return 2 * 4 * (GPT2 if family == "gpt2" else GATED)

    def test_merged_equals_adapter(self, family: str) -> None:
        model = self.method.apply(tiny.model(family))
        train(model, 5, self.rate)
        with torch.no_grad():
            adapter = model(IDS).logits
            merged = model.merge_and_unload()(IDS).logits
        assert torch.allclose(merged, adapter, atol=1e-5)


class TestDora(TestLora):
    method = Lora(rank=4, alpha=8, dora=True)

    def trainable(self, family: str) -> int:
        # One magnitude for every output of a matrix.
        outputs = 96 + 32 + 128 + 32 if family == "gpt2" else 32 + 16 + 16 + 32 + 48 + 48 + 32
        return super().trainable(family) + 2 * outputs


def test_named_targets_alone_get_additions() -> None:
    model = Lora(rank=2, targets=("q_proj", "v_proj")).apply(tiny.model("llama"))
    assert count_parameters(model).trainable == 2 * 2 * ((32 + 32) + (32 + 16))


@pytest.mark.parametrize(
    ("family", "targets", "numbers"),
    [
        ("llama", "all-linear", GATED),
        ("qwen2", ("q_proj",), 32 + 32),
        ("gpt2", "all-linear", GPT2),
        ("gpt2", ("attn.c_proj",), 32 + 32),
    ],
)
def test_additions_in_the_last_layers_only(family: str, targets: Any, numbers: int) -> None:
    model = Lora(rank=4, last=1, targets=targets).apply(tiny.model(family))
    moving = [name for name, weight in model.named_parameters() if weight.requires_grad]
    assert all(".layers.1." in name or ".h.1." in name for name in moving)
    assert count_parameters(model).trainable == 4 * numbers


def test_a_loaded_adapter_of_the_last_layers_computes_the_same(tmp_path: Path) -> None:
    from peft import PeftModel

    model = Lora(rank=4, last=1).apply(tiny.model("llama"))
    train(model, 5, 3e-2)
    model.save_pretrained(tmp_path)
    again = PeftModel.from_pretrained(tiny.model("llama"), tmp_path)
    with torch.no_grad():
        assert torch.allclose(model(IDS).logits, again(IDS).logits, atol=1e-6)
        assert not torch.allclose(model(IDS).logits, tiny.model("llama")(IDS).logits, atol=1e-3)


def test_more_last_layers_than_there_are_is_refused() -> None:
    with pytest.raises(UserError, match="additions in 3 layers, and the model has 2"):
        Lora(last=3).apply(tiny.model("llama"))


def test_unknown_targets_are_refused_with_the_names_there_are() -> None:
    with pytest.raises(UserError, match="no layer") as caught:
        Lora(targets=("c_attn",)).apply(tiny.model("llama"))
    assert "q_proj" in caught.value.hint


def test_one_unknown_target_among_known_ones_is_refused_too() -> None:
    with pytest.raises(UserError, match="no layer of this model is called query") as caught:
        Lora(targets=("q_proj", "query")).apply(tiny.model("llama"))
    assert "v_proj" in caught.value.hint


def test_what_is_no_linear_layer_is_refused_and_nothing_is_no_choice() -> None:
    with pytest.raises(UserError, match="LlamaRMSNorm"):
        Lora(targets=("norm",)).apply(tiny.model("llama"))
    with pytest.raises(ValidationError):
        Lora(targets=())


def test_rslora_scales_by_the_root_of_the_rank() -> None:
    model = Lora(rank=4, alpha=8, rslora=True).apply(tiny.model("llama"))
    scale = model.base_model.model.model.layers[0].self_attn.q_proj.scaling["default"]
    assert scale == 8 / 4**0.5
