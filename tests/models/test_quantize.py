"""4-bit base models with LoRA; what needs bitsandbytes runs where it is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tests.models import tiny
from tests.training.engine.rows import batch, wordings
from tests.training.rows import rows

from luthier.errors import UserError
from luthier.methods import Lora, count_parameters
from luthier.models import ModelOptions, load_finetuned, load_model, quantize, save_model
from luthier.training import TrainingOptions, train
from luthier.training.engine import Forward
from luthier.training.loss import supervised_losses

needs_package = pytest.mark.skipif(not quantize.quantizes_here(), reason="needs bitsandbytes: luthier[4bit]")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    model = tiny.model("llama", hidden_size=64, intermediate_size=128)
    save_model(model, tiny.byte_level(), tmp_path / "base")
    return tmp_path / "base"


def test_without_the_package_it_is_said_what_to_install(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantize, "find_spec", lambda _: None)
    with pytest.raises(UserError, match="need bitsandbytes") as caught:
        load_model(ModelOptions(name=str(saved), quantization="nf4"))
    assert "pip install 'luthier[4bit]'" in str(caught.value.hint)


def test_an_apple_gpu_is_refused(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantize, "find_spec", lambda _: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="CUDA GPUs and CPUs"):
        load_model(ModelOptions(name=str(saved), quantization="nf4"))


@needs_package
def test_matrices_of_layers_are_packed_and_still_counted(saved: Path) -> None:
    whole = load_model(ModelOptions(name=str(saved)))
    packed = load_model(ModelOptions(name=str(saved), quantization="nf4"))
    assert count_parameters(packed).total == count_parameters(whole).total
    assert packed.model.layers[0].mlp.up_proj.weight.dtype == torch.uint8
    assert packed.model.layers[0].mlp.up_proj.weight.numel() == 64 * 128 // 2
    assert packed.lm_head.weight.dtype == torch.float32


@needs_package
def test_packed_rows_are_proven_and_gradients_are_the_same_after_an_evaluation(saved: Path) -> None:
    """On some CPUs the package would compute without gradients from the first evaluation on."""
    torch.manual_seed(0)
    model = Lora(rank=2).apply(load_model(ModelOptions(name=str(saved), quantization="nf4"))).train()
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    data, forward = batch(wordings(), 7), Forward(model)

    def gradients() -> list[torch.Tensor]:
        with forward.reading(model, data):
            forward.loss(model, data).backward()
        found = [w.grad.clone() for w in model.parameters() if w.grad is not None]
        model.zero_grad()
        return found

    before = gradients()
    assert forward.packs
    with torch.no_grad(), forward.reading(model, data):
        packed = forward.loss(model, data)
    counts = (data["labels"][:, 1:] != -100).sum(dim=1)
    plain = (supervised_losses(model, data) * data["weight"].repeat_interleave(counts)).sum()
    assert packed.item() == pytest.approx(plain.item(), rel=2e-3)  # products are in bfloat16
    model.eval()
    with torch.no_grad():
        model(data["input_ids"])
    model.train()
    after = gradients()
    assert len(before) == len(after) == 2 * 2 * 7
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert all(gradient.abs().max() > 0 for gradient in after)


@needs_package
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_lora_learns_on_a_4_bit_base_and_its_adapter_opens_on_either_base(
    saved: Path, tmp_path: Path, precision: Any
) -> None:
    def measure(measured: Any) -> dict[str, float]:
        return {"kappa": measured(torch.tensor([[5, 6]])).logits.mean().item()}

    torch.manual_seed(0)
    model = Lora(rank=4).apply(load_model(ModelOptions(name=str(saved), quantization="nf4")))
    options = TrainingOptions(epochs=4, batch_size=4, precision=precision)
    result = train(
        model, tiny.byte_level(), rows(24), rows(8, seed=1), options=options, learning_rate=2e-2,
        output_dir=tmp_path / "checkpoints", evaluate=measure,
    )  # fmt: skip
    assert result.history[-1].eval_loss < result.history[0].loss - 0.3
    save_model(model, tiny.byte_level(), tmp_path / "model")
    ids = torch.tensor([[5, 6, 7, 8]])
    wanted = model(ids).logits
    same = load_finetuned(tmp_path / "model", quantization="nf4")[0].eval()
    assert torch.allclose(same(ids).logits, wanted, atol=1e-5)
    # Merged into the base as it was published, which is no longer the one that it learnt beside.
    merged = load_finetuned(tmp_path / "model")[0].merge_and_unload()
    off = (merged(ids).logits - wanted).norm() / wanted.norm()
    assert 0 < off < 0.3
