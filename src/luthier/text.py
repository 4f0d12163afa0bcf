"""Unicode and language helpers that every room may use."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

Language = Literal["en", "zh"]

_CJK = re.compile(r"[㐀-䶿一-鿿豈-﫿]")
_LETTER = re.compile(r"[^\W\d_]")
_SPACE = re.compile(r"\s+")


def is_cjk(char: str) -> bool:
    """Tells whether one character is a Chinese ideograph (CJK Unified, Extension A, Compatibility)."""
    return _CJK.fullmatch(char) is not None


def guess_language(text: str) -> Language:
    """Guesses the language by script: Chinese where ideographs are at least a fifth of all letters."""
    ideographs = len(_CJK.findall(text))
    letters = len(_LETTER.findall(text))
    return "zh" if letters and ideographs / letters >= 0.2 else "en"


def normalise(text: str) -> str:
    """Folds what a reader takes for the same text: NFKC, case, and runs of white space."""
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", text)).strip().casefold()


def nearest(word: str, options: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Returns the option spelt most like `word`; None where none is at least `cutoff` (0 to 1) alike."""
    folded = {normalise(option): option for option in options}
    found = difflib.get_close_matches(normalise(word), folded, n=1, cutoff=cutoff)
    return folded[found[0]] if found else None


def shorten(text: str, width: int = 60) -> str:
    """Cuts `text` to at most `width` characters on one line, for messages."""
    flat = _SPACE.sub(" ", text).strip()
    return flat if len(flat) <= width else flat[: width - 1] + "…"
