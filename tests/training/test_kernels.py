"""Compiled parts of layers, and Liger's kernels."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from tests.models import tiny
from tests.training.test_train import run
from torch._dynamo.utils import counters

from luthier.errors import UserError
from luthier.methods import Full, Lora
from luthier.training import TrainingOptions
from luthier.training.kernels import chosen_kernels, compilable_parts, missing_compiler

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize("family", ["llama", "qwen2", "gpt2"])
def test_norms_and_feed_forward_layers_are_compiled_and_attention_is_not(family: str) -> None:
    model = Lora(rank=2).apply(tiny.model(family))
    parts = [type(part).__name__ for part in compilable_parts(model)]
    assert len(parts) == 3 * model.config.num_hidden_layers
    assert not any("Attention" in name for name in parts)


@pytest.mark.slow
@pytest.mark.skipif(bool(missing_compiler(CPU, "compile")), reason="needs a C++ compiler")
@pytest.mark.parametrize("method", [Full(), Lora(rank=2)])
def test_a_compiled_training_learns_the_same(tmp_path: Path, method: Any) -> None:
    losses = []
    for compiled in (False, True):
        torch._dynamo.reset()
        counters.clear()
        options = TrainingOptions(epochs=2, batch_size=4, precision="float32", compile=compiled)
        # Without dropout, which compiled layers draw otherwise.
        base = tiny.model("llama", num_hidden_layers=1)
        model, result = run(tmp_path / str(compiled), options, method, model=base)
        assert (counters["frames"]["ok"] > 0) == compiled
        losses.append([entry.eval_loss for entry in result.history if entry.eval_loss is not None])
        assert all(part._compiled_call_impl is None for part in compilable_parts(model))
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


def test_compiling_is_refused_where_a_cpu_has_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with (
        pytest.raises(UserError, match="needs a C\\+\\+ compiler"),
        chosen_kernels(tiny.model("llama"), TrainingOptions(compile=True), CPU),
    ):
        pass


def test_liger_is_refused_without_a_gpu_without_its_package_and_for_families_it_does_not_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = TrainingOptions(liger=True)

    def use(family: str, device: torch.device) -> str:
        with pytest.raises(UserError) as caught, chosen_kernels(tiny.model(family), options, device):
            pass
        return str(caught.value)

    assert "runs on cpu" in use("llama", CPU)
    monkeypatch.setattr("transformers.utils.is_liger_kernel_available", lambda: False)
    assert "needs the package liger-kernel" in use("llama", GPU)
    _stand_in(monkeypatch)
    assert "no kernels for gpt2 models, only for llama, qwen2" in use("gpt2", GPU)


def test_ligers_losses_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    model, applied = Full().apply(tiny.model("llama")), _stand_in(monkeypatch)
    with chosen_kernels(model, TrainingOptions(liger=True), GPU):
        assert applied == [(model, {"cross_entropy": False, "fused_linear_cross_entropy": False})]


def _stand_in(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, dict[str, bool]]]:
    """The package needs Triton, which CPUs have not: here stands what it is called with."""
    package, patches = ModuleType("liger_kernel.transformers"), ModuleType("monkey_patch")
    applied: list[tuple[Any, dict[str, bool]]] = []
    known = {"llama": None, "qwen2": None}
    patches.MODEL_TYPE_TO_APPLY_LIGER_FN = known  # type: ignore[attr-defined]
    package._apply_liger_kernel_to_instance = (  # type: ignore[attr-defined]
        lambda model, **chosen: applied.append((model, chosen))
    )
    monkeypatch.setitem(sys.modules, "liger_kernel", SimpleNamespace(transformers=package))
    monkeypatch.setitem(sys.modules, "liger_kernel.transformers", package)
    monkeypatch.setitem(sys.modules, "liger_kernel.transformers.monkey_patch", patches)
    for place in ("utils", "integrations.liger"):
        monkeypatch.setattr(f"transformers.{place}.is_liger_kernel_available", lambda: True)
    return applied
