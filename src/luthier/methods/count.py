"""How many parameters a method trains."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from luthier.methods.base import ParameterCount

if TYPE_CHECKING:
    from torch import nn


def count_parameters(model: nn.Module) -> ParameterCount:
    """Counts trainable and all parameters; a tied matrix counts once."""
    parameters = list(model.parameters())
    return ParameterCount(
        trainable=sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
        total=sum(map(_numbers, parameters)),
    )


def _numbers(parameter: nn.Parameter) -> int:
    # Two 4-bit weights share a byte, which is all that the parameter itself knows of.
    packed = getattr(parameter, "quant_state", None)
    return parameter.numel() if packed is None else prod(packed.shape)
