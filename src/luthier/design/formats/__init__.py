"""Output formats: one module each. A new one is a module, a line in `AnyFormat`, and a contract test."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from luthier.design.formats.base import Format, Reasoning, Style, Written
from luthier.design.formats.json_lines import Json
from luthier.design.formats.lines import Lines
from luthier.design.formats.natural import Natural
from luthier.design.formats.pairs import Pairs


def _named(value: Any) -> Any:
    """Takes a bare name (`format: lines`) for a format with its defaults."""
    return {"type": value} if isinstance(value, str) else value


_Name = Literal["natural", "lines", "json", "pairs"]
_Formats = Annotated[Natural | Lines | Json | Pairs, Field(discriminator="type")]
AnyFormat = Annotated[_Formats, BeforeValidator(_named, json_schema_input_type=_Name | _Formats)]
"""A format by its options: `lines`, or `{type: lines}`."""

__all__ = ["AnyFormat", "Format", "Json", "Lines", "Natural", "Pairs", "Reasoning", "Style", "Written"]
