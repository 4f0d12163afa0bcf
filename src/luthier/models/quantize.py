"""A base model whose linear layers hold 4-bit weights (QLoRA, arXiv 2305.14314), through bitsandbytes."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from luthier.errors import UserError

if TYPE_CHECKING:
    from torch import nn
    from transformers import BitsAndBytesConfig

MISSING = "4-bit weights need bitsandbytes, which is not installed"
INSTALL = "pip install 'luthier[4bit]', or leave model.quantization out"


def quantizes_here() -> bool:
    """Tells whether the package is installed that 4-bit weights need."""
    return find_spec("bitsandbytes") is not None


def nf4_config() -> BitsAndBytesConfig:
    """Returns what transformers is told: NormalFloat4, its scales quantised again, products in bfloat16.

    Raises:
        UserError: Where bitsandbytes is missing, or the device is one that it is not known to train on.
    """
    import torch

    if not quantizes_here():
        raise UserError(MISSING, INSTALL)
    if torch.backends.mps.is_available() and not torch.cuda.is_available():
        raise UserError(
            "4-bit weights train on CUDA GPUs and CPUs, not on Apple's", "leave model.quantization out"
        )
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def keep_trainable(model: nn.Module) -> None:
    """Keeps 4-bit layers from what a first prediction on a CPU would do to them.

    On CPUs with AVX512-BF16 bitsandbytes then writes weights down in another order, for good, and computes
    from that without gradients: layers below would learn nothing more after the first evaluation.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False  # type: ignore[assignment]
