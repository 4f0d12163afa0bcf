"""Output formats: one module each. A new one is a module, a line in `AnyFormat`, and a contract test."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from luthier.design.formats.base import Format, Reasoning, Style, Written
from luthier.design.formats.json_lines import Json
from luthier.design.formats.lines import Lines
from luthier.design.formats.natural import Natural
from luthier.design.formats.pairs import Pairs


def _named(value: Any) -> Any:
    """Takes a bare name (`format: lines`) for a format with its defaults."""
    return {"type": value} if isinstance(value, str) else value


AnyFormat = Annotated[Natural | Lines | Json | Pairs, Field(discriminator="type"), BeforeValidator(_named)]
"""A format by its options: `lines`, or `{type: lines}`."""

__all__ = ["AnyFormat", "Format", "Json", "Lines", "Natural", "Pairs", "Reasoning", "Style", "Written"]
