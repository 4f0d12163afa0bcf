"""How many parameters a method trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from luthier.methods.base import ParameterCount

if TYPE_CHECKING:
    from torch import nn


def count_parameters(model: nn.Module) -> ParameterCount:
    """Counts trainable and all parameters; a tied matrix counts once."""
    parameters = list(model.parameters())
    return ParameterCount(
        trainable=sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
        total=sum(parameter.numel() for parameter in parameters),
    )
