"""Other ways to compute the same layers: parts that `torch.compile` writes, and Liger's kernels."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from luthier.errors import Problem, UserError
from luthier.methods.layers import transformer_layers

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedModel

    from luthier.training.options import TrainingOptions

_ATTENTION = ("attn", "attention", "mixer")
_COMPILERS = ("c++", "g++", "clang++")


def missing_compiler(device: torch.device, field: str) -> list[Problem]:
    """Returns what keeps `torch.compile` from this device, if anything; `field` names the option."""
    named = os.environ.get("CXX")
    names = (*([named] if named else []), *_COMPILERS)
    if device.type != "cpu" or any(shutil.which(name) for name in names):
        return []
    hint = f"install g++ or clang, name one in CXX, or set {field}: false"
    return [Problem("needs a C++ compiler on a CPU, and none was found", field=field, hint=hint)]


def missing_requirements(options: TrainingOptions, device: torch.device) -> list[Problem]:
    """Returns what `compile` and `liger` need and a machine that trains on `device` does not have."""
    found = missing_compiler(device, "training.compile") if options.compile else []
    return found + _missing_for_liger(device) if options.liger else found


@contextmanager
def chosen_kernels(model: PreTrainedModel, options: TrainingOptions, device: torch.device) -> Iterator[None]:
    """Lets the layers of a model be computed as `options` say, for the while; Liger's kernels stay.

    Raises:
        UserError: Where `compile` finds no compiler, or `liger` no GPU, package or kernels for the model.
    """
    if missing := missing_requirements(options, device):
        raise UserError(f"{missing[0].field} {missing[0].message}", missing[0].hint)
    if options.liger:
        _use_liger(model)
    parts = compilable_parts(model) if options.compile else []
    for part in parts:
        # Batches differ in length: one kernel for all of them.
        part.compile(dynamic=True)
    try:
        yield
    finally:
        for part in parts:
            part._compiled_call_impl = None


def compilable_parts(model: PreTrainedModel) -> list[nn.Module]:
    """Returns norms and feed-forward networks of all layers.

    Attention is left out: what it is told of a packed row differs from batch to batch, and would be compiled
    for each.
    """
    return [
        part
        for layer in transformer_layers(model)[1]
        for name, part in layer.named_children()
        if not name.endswith(_ATTENTION)
    ]


def _missing_for_liger(device: torch.device) -> list[Problem]:
    from transformers.utils import is_liger_kernel_available

    field, off = "training.liger", "set training.liger: false"
    if device.type != "cuda":
        return [Problem(f"needs a CUDA GPU; this training runs on {device.type}", field=field, hint=off)]
    if not is_liger_kernel_available():
        hint = f"pip install 'luthier[liger]', or {off}"
        return [Problem("needs the package liger-kernel", field=field, hint=hint)]
    return []


def _use_liger(model: PreTrainedModel) -> None:
    """Replaces rotary embedding, norms and feed-forward products; the losses are Luthier's own."""
    from liger_kernel.transformers.monkey_patch import MODEL_TYPE_TO_APPLY_LIGER_FN as KNOWN
    from transformers.integrations.liger import apply_liger_kernel

    family = model.config.model_type
    if family not in KNOWN:
        raise UserError(
            f"Liger has no kernels for {family} models, only for {', '.join(sorted(KNOWN))}",
            "set training.liger: false",
        )
    apply_liger_kernel(model, {"cross_entropy": False, "fused_linear_cross_entropy": False})
