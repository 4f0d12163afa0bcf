"""Which weights move: one module a method."""

from typing import Annotated

from pydantic import Field

from luthier.methods.base import Method, ParameterCount
from luthier.methods.count import count_parameters
from luthier.methods.freeze import Freeze, Trainable
from luthier.methods.full import Full
from luthier.methods.lora import Lora
from luthier.methods.p_tuning import PTuningV2

AnyMethod = Annotated[Full | Freeze | Lora | PTuningV2, Field(discriminator="type")]
"""What the recipe's `method` may be."""

__all__ = [
    "AnyMethod",
    "Freeze",
    "Full",
    "Lora",
    "Method",
    "PTuningV2",
    "ParameterCount",
    "Trainable",
    "count_parameters",
]
