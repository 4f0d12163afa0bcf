"""Other ways to compute the same layers: parts that `torch.compile` writes, and Liger's kernels."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from luthier.errors import UserError
from luthier.methods.layers import transformer_layers

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedModel

    from luthier.training.options import TrainingOptions

_ATTENTION = ("attn", "attention", "mixer")
_COMPILERS = ("c++", "g++", "clang++")


@contextmanager
def chosen_kernels(model: PreTrainedModel, options: TrainingOptions, device: torch.device) -> Iterator[None]:
    """Lets the layers of a model be computed as `options` say, for the while; Liger's kernels stay.

    Raises:
        UserError: Where `compile` finds no compiler, or `liger` no GPU, package or kernels for the model.
    """
    if options.liger:
        _use_liger(model, device)
    parts = compilable_parts(model) if options.compile else []
    if parts:
        _require_compiler(device)
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


def _require_compiler(device: torch.device) -> None:
    named = os.environ.get("CXX")
    if device.type == "cpu" and not any(
        shutil.which(name) for name in (*([named] if named else []), *_COMPILERS)
    ):
        raise UserError(
            "training.compile needs a C++ compiler on a CPU, and none was found",
            "install g++ or clang, name one in CXX, or set training.compile: false",
        )


def _use_liger(model: PreTrainedModel, device: torch.device) -> None:
    """Replaces rotary embedding, norms and feed-forward products; the losses are Luthier's own."""
    from transformers.integrations.liger import apply_liger_kernel
    from transformers.utils import is_liger_kernel_available

    if device.type != "cuda":
        raise UserError(
            f"training.liger needs a CUDA GPU; this training runs on {device.type}",
            "set training.liger: false",
        )
    if not is_liger_kernel_available():
        raise UserError(
            "training.liger needs the package liger-kernel",
            "pip install 'luthier[liger]', or set training.liger: false",
        )
    from liger_kernel.transformers.monkey_patch import MODEL_TYPE_TO_APPLY_LIGER_FN as KNOWN

    family = model.config.model_type
    if family not in KNOWN:
        raise UserError(
            f"Liger has no kernels for {family} models, only for {', '.join(sorted(KNOWN))}",
            "set training.liger: false",
        )
    apply_liger_kernel(model, {"cross_entropy": False, "fused_linear_cross_entropy": False})
