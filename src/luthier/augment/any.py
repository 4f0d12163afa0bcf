"""Every augmenter by its name, as recipes and the command line give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
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


def files_of(augmenter: Augmenter) -> Iterator[tuple[str, Path]]:
    """Yields the files and folders that an augmenter reads, such as lexicons, each with its option."""
    for name, value in augmenter:
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Path):
                yield name, item


def placed(augmenter: Augmenter, folder: Path) -> Augmenter:
    """Returns an augmenter with its files absolute; relative ones start at `folder`."""

    def absolute(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(absolute, value))
        return (folder / value.expanduser()).resolve() if isinstance(value, Path) else value

    return augmenter.model_copy(update={name: absolute(value) for name, value in augmenter})
