"""The shipped wordings of requests."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from luthier.text import Language


@cache
def words(language: Language) -> Mapping[str, Any]:
    """Returns the wordings of a language by name."""
    from ruamel.yaml import YAML

    text = resources.files("luthier.generation").joinpath("wordings", f"{language}.yaml").read_text("utf-8")
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return loaded
