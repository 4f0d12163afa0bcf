"""Which weights move: one module a method."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from luthier.methods.base import Method, ParameterCount
from luthier.methods.count import count_parameters
from luthier.methods.freeze import Freeze, Trainable
from luthier.methods.full import Full
from luthier.methods.lora import Lora
from luthier.methods.p_tuning import PTuningV2


def _from_name(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


_Name = Literal["full", "freeze", "lora", "p-tuning-v2"]
_Methods = Annotated[Full | Freeze | Lora | PTuningV2, Field(discriminator="type")]
AnyMethod = Annotated[_Methods, BeforeValidator(_from_name, json_schema_input_type=_Name | _Methods)]
"""What the recipe's `method` may be: a mapping with a `type`, or the type alone."""

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
