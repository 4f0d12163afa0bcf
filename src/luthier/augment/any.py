"""Every augmenter by its name, as recipes and the command line give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from luthier.augment.base import Augmenter
from luthier.augment.language_oriented import LanguageOriented
from luthier.augment.noise import Noise
from luthier.augment.reorder import Reorder
from luthier.augment.synonyms import Synonyms
from luthier.augment.syntax import Syntax


def _from_name(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str | Mapping | Augmenter) else value


_Name = Literal["synonyms", "noise", "reorder", "syntax", "language-oriented"]
_Augmenters = Annotated[
    Synonyms | Noise | Reorder | Syntax | LanguageOriented,
    Field(discriminator="type"),
]
AnyAugmenter = Annotated[_Augmenters, BeforeValidator(_from_name, json_schema_input_type=_Name | _Augmenters)]
"""A mapping with a `type`, or the type alone."""

Augmenters = Annotated[
    tuple[AnyAugmenter, ...],
    BeforeValidator(_as_list, json_schema_input_type=_Name | tuple[AnyAugmenter, ...]),
]
"""What the recipe's `data.augment` may be: several augmenters, or one alone."""
