from __future__ import annotations

import logging
from typing import Any

import pytest
import torch
from tests.models import tiny
from tests.training.rows import rows
from transformers import AutoModelForCausalLM, Gemma2Config

from luthier.methods import Freeze, Full, Lora, PTuningV2
from luthier.training.batches import Collator
from luthier.training.loss import supervised_loss, supervised_weight

METHODS = (Full(), Freeze(), Lora(rank=2), PTuningV2(prompt_length=3))


def plain_loss(model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """The textbook formula with logits everywhere."""
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    total = torch.zeros(())
    for row in range(len(logits)):
        for place in range(1, logits.shape[1]):
            label = batch["labels"][row, place]
            if label != -100:
                total = total - batch["weight"][row] * logits[row, place - 1].log_softmax(-1)[label]
    return total


def gradients(model: Any, loss: torch.Tensor) -> list[torch.Tensor]:
    moving = [p for p in model.parameters() if p.requires_grad]
    return [g for g in torch.autograd.grad(loss, moving, allow_unused=True) if g is not None]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.type)
@pytest.mark.parametrize("family", ["llama", "qwen2", "gpt2"])
def test_loss_and_gradients_equal_those_of_full_logits(family: str, method: Any) -> None:
    model = method.apply(tiny.model(family))
    batch = Collator(0)(list(rows(5)))
    ours, plain = supervised_loss(model, batch), plain_loss(model, batch)
    assert torch.allclose(ours, plain, rtol=1e-6)
    for mine, theirs in zip(gradients(model, ours), gradients(model, plain), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5)


def gemma2() -> Any:
    torch.manual_seed(0)
    config = Gemma2Config(
        vocab_size=384,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        final_logit_softcapping=0.05,
        attn_implementation="eager",
    )
    return AutoModelForCausalLM.from_config(config)


def test_capped_logits_stay_capped() -> None:
    model = gemma2()
    batch = Collator(0)(list(rows(4)))
    assert torch.allclose(supervised_loss(model, batch), plain_loss(model, batch), rtol=1e-6)
    # With every logit within 0.05 of 0, no token can cost more than log(384) + 0.1 nats.
    ceiling = (torch.log(torch.tensor(384.0)) + 0.1) * supervised_weight(batch["labels"], batch["weight"])
    assert supervised_loss(model, batch) < ceiling


def test_the_head_sees_supervised_positions_only() -> None:
    model = tiny.model("llama")
    seen: list[torch.Size] = []
    model.lm_head.register_forward_hook(lambda _, args, output: seen.append(output.shape))
    batch = Collator(0)(list(rows(4)))
    supervised_loss(model, batch)
    assert seen == [(1, int((batch["labels"][:, 1:] != -100).sum()), 384)]


def test_a_model_without_a_head_of_its_own_takes_the_plain_path_and_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Headless(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = tiny.model("llama")

        def forward(self, **inputs: Any) -> Any:
            return self.inner(**inputs)

    model, batch = Headless(), Collator(0)(list(rows(4)))
    with caplog.at_level(logging.WARNING):
        losses = [supervised_loss(model, batch) for _ in range(2)]
    assert torch.allclose(losses[0], plain_loss(model, batch), rtol=1e-6)
    assert len([record for record in caplog.records if "Headless" in record.message]) == 1


def test_weight_counts_once_for_every_supervised_token() -> None:
    labels = torch.tensor([[7, -100, 3, 4], [-100, -100, -100, 5]])
    assert supervised_weight(labels, torch.tensor([2.0, 0.5])) == 2 * 2.0 + 0.5
