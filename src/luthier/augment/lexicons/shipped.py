"""The lists that come with Luthier: `en.txt` and `zh.txt` beside this module."""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path

from luthier.augment.lexicons.lexicon import Lexicon
from luthier.augment.lexicons.reading import parse_text
from luthier.text import Language


@functools.cache
def shipped(language: Language) -> Lexicon:
    """Returns the project's own list of a language."""
    file = resources.files("luthier.augment.lexicons").joinpath(f"{language}.txt")
    return parse_text(file.read_text("utf-8"), Path(f"{language}.txt"))
