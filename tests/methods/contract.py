"""What holds for every method on every model family. A new method's test inherits this class."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from tests.models import tiny

from luthier.methods import Method, count_parameters
from luthier.models import load_finetuned, save_model

IDS = torch.tensor([[5, 6, 7, 8, 9, 10], [11, 12, 13, 14, 15, 16]])


def loss(model: Any) -> torch.Tensor:
    logits = model(input_ids=IDS, attention_mask=torch.ones_like(IDS)).logits
    return torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), IDS[:, 1:].flatten())


def train(model: Any, steps: int, rate: float) -> list[float]:
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=rate)
    losses = []
    model.train()
    for _ in range(steps):
        value = loss(model)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        losses.append(value.item())
    model.eval()
    return losses


class MethodContract:
    """Subclasses say what the method is and what it should move."""

    method: ClassVar[Method]
    rate: ClassVar[float] = 1e-2

    def moves(self, family: str, name: str) -> bool:
        """Whether a parameter of the *base* model should move."""
        raise NotImplementedError

    def trainable(self, family: str) -> int:
        """Trainable parameters, from a formula worked by hand."""
        raise NotImplementedError

    @pytest.fixture(params=["llama", "qwen2", "gpt2"])
    def family(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    def test_only_what_it_says_moves(self, family: str) -> None:
        base = tiny.model(family)
        before = {name: p.detach().clone() for name, p in base.named_parameters()}
        parameters = dict(base.named_parameters())
        model = self.method.apply(base)
        train(model, 2, self.rate)
        moved = {name for name, p in parameters.items() if not torch.equal(p, before[name])}
        assert moved == {name for name in before if self.moves(family, name)}

    def test_loss_falls(self, family: str) -> None:
        torch.manual_seed(0)
        losses = train(self.method.apply(tiny.model(family)), 20, self.rate)
        assert losses[-1] < losses[0] - 0.05

    def test_parameter_count(self, family: str) -> None:
        base = tiny.model(family)
        size = sum(p.numel() for p in base.parameters())
        count = count_parameters(self.method.apply(base))
        added = (
            0
            if any(self.moves(family, name) for name, _ in base.named_parameters())
            else self.trainable(family)
        )
        assert count.trainable == self.trainable(family)
        assert count.total == size + added
        assert count.share == count.trainable / count.total

    def test_trainable_weights_are_float32(self, family: str) -> None:
        model = self.method.apply(tiny.model(family).to(torch.bfloat16))
        assert {p.dtype for p in model.parameters() if p.requires_grad} == {torch.float32}

    def test_saved_and_loaded_without_luthier_gives_the_same_logits(
        self, family: str, tmp_path: Path
    ) -> None:
        from peft import AutoPeftModelForCausalLM
        from transformers import AutoModelForCausalLM

        save_model(tiny.model(family), tiny.byte_level(), tmp_path / "base")
        base = AutoModelForCausalLM.from_pretrained(tmp_path / "base")
        model = self.method.apply(base)
        train(model, 3, self.rate)
        save_model(model, tiny.byte_level(), tmp_path / "tuned")
        is_adapter = (tmp_path / "tuned" / "adapter_config.json").exists()
        plain = (AutoPeftModelForCausalLM if is_adapter else AutoModelForCausalLM).from_pretrained(
            tmp_path / "tuned"
        )
        ours, _ = load_finetuned(tmp_path / "tuned")
        mask = torch.ones_like(IDS)
        with torch.no_grad():
            expected = model(input_ids=IDS, attention_mask=mask).logits
            assert torch.allclose(plain(input_ids=IDS, attention_mask=mask).logits, expected, atol=1e-6)
            assert torch.allclose(ours(input_ids=IDS, attention_mask=mask).logits, expected, atol=1e-6)

    def test_generate_agrees_with_choosing_the_best_token_by_hand_padded_or_not(self, family: str) -> None:
        model = self.method.apply(tiny.model(family))
        train(model, 5, self.rate)
        model.generation_config.eos_token_id = None
        short, long = [5, 6, 7], [11, 12, 13, 14, 15]
        padded = torch.tensor([[0, 0, *short], long])
        mask = torch.tensor([[0, 0, 1, 1, 1], [1] * 5])
        with torch.no_grad():
            together = model.generate(
                input_ids=padded, attention_mask=mask, max_new_tokens=4, do_sample=False, pad_token_id=0
            )
            for row, prompt in enumerate((short, long)):
                ids = list(prompt)
                for _ in range(4):
                    whole = torch.tensor([ids])
                    logits = model(
                        input_ids=whole, attention_mask=torch.ones_like(whole), use_cache=False
                    ).logits
                    ids.append(int(logits[0, -1].argmax()))
                assert together[row, 5:].tolist() == ids[len(prompt) :]

    def test_learning_rate_falls_with_size(self) -> None:
        rates = [self.method.learning_rate(size) for size in (10**6, 10**7, 10**8, 10**9, 7 * 10**9, 10**11)]
        assert rates == sorted(rates, reverse=True)
        assert rates[0] == rates[1]
        assert rates[-1] == rates[-2]
        assert math.isclose(rates[2], math.sqrt(rates[1] * rates[3]))
