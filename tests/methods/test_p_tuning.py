from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from tests.methods.contract import IDS, MethodContract
from tests.models import tiny

from luthier.errors import UserError
from luthier.methods import PTuningV2
from luthier.models import context_length

# A virtual token has a key and a value in each of 2 layers, of 16 numbers (2 heads of 8), in GPT-2 of 32.
WIDTH = {"llama": 2 * 2 * 16, "qwen2": 2 * 2 * 16, "gpt2": 2 * 2 * 32}


class TestPTuningV2(MethodContract):
    method = PTuningV2(prompt_length=5)
    rate = 0.1

    def moves(self, family: str, name: str) -> bool:
        return False

    def trainable(self, family: str) -> int:
        return 5 * WIDTH[family]

    def test_padding_changes_nothing(self, family: str) -> None:
        model = self.method.apply(tiny.model(family)).eval()
        padded = torch.nn.functional.pad(IDS, (0, 3))
        mask = torch.nn.functional.pad(torch.ones_like(IDS), (0, 3))
        with torch.no_grad():
            alone = model(input_ids=IDS, attention_mask=torch.ones_like(IDS)).logits
            beside = model(input_ids=padded, attention_mask=mask).logits[:, : IDS.shape[1]]
        assert torch.allclose(beside, alone, atol=1e-5)


class TestProjection(TestPTuningV2):
    method = PTuningV2(prompt_length=5, projection=True, projection_size=24)
    rate = 2e-2

    def trainable(self, family: str) -> int:
        width = 32 if family == "gpt2" else 16
        return 5 * width + (width * 24 + 24) + (24 * WIDTH[family] + WIDTH[family])


def test_the_prefix_takes_its_length_from_the_context() -> None:
    assert context_length(PTuningV2(prompt_length=5).apply(tiny.model("llama"))) == 123


def test_gradient_checkpointing_is_refused() -> None:
    model = tiny.model("llama")
    model.gradient_checkpointing_enable()
    with pytest.raises(UserError, match="gradient checkpointing"):
        PTuningV2().apply(model)


def test_a_projection_size_without_a_projection_is_refused() -> None:
    with pytest.raises(ValidationError, match="projection: true"):
        PTuningV2(projection_size=8)
