"""Which language a text is in: Chinese by its script, others by a detector of character n-grams."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache
from typing import Any

from luthier.text import Language

_LETTER = re.compile(r"[^\W\d_]")
_IDEOGRAPH = re.compile(r"[㐀-䶿一-鿿豈-﫿]")
_LATIN = re.compile(r"[A-Za-z\u00aa-\u024f]")
_KANA_OR_HANGUL = re.compile(r"[\u3041-\u30ff\uac00-\ud7a3]")
_READ = 2000
"""Characters that are looked at: a language shows in its first sentences."""

_FEWEST = 20
"""Letters below which a detector guesses: such a text is in any of the languages that its script has."""

_SURE = 0.7
"""Confidence of the detector that counts: from 0.6 on it took none of 9,000 English texts for others."""

_ENGLISH = re.compile(
    r"\b(?:the|and|that|this|with|it|you|are|have|for|not|but|they|which|would|there|from|were|been|of|to)\b",
    re.IGNORECASE,
)
_SHOWN = 500
_ENOUGH = 3
_SHARE = 0.15
_CHINESE = 0.2


def is_in(text: str, languages: Collection[Language]) -> bool:
    """Tells whether a text is in one of the languages, as far as it can be told.

    A text without letters is in all of them. One of whose letters a fifth or more are Chinese characters, and
    hardly any Japanese or Korean ones, is Chinese. Any other is English unless it is written in another
    script, or is long enough to tell and py3langid (Lui and Baldwin 2012) is surer than 0.7 that it is
    something else.
    """
    text = text[:_READ]
    letters = len(_LETTER.findall(text))
    if not letters:
        return True
    others = len(_KANA_OR_HANGUL.findall(text))
    if len(_IDEOGRAPH.findall(text)) >= _CHINESE * letters and others <= 0.1 * letters:
        return "zh" in languages
    if "en" not in languages or len(_LATIN.findall(text)) < 0.5 * letters:
        return False
    if letters < _FEWEST or _is_plainly_english(text[:_SHOWN]):
        return True
    language, probability = _detector().classify(text)
    return language in ("en", "zh") or probability < _SURE


def _is_plainly_english(text: str) -> bool:
    """Tells whether so many words are English ones that a detector, a hundred times as slow, adds nothing."""
    return len(_ENGLISH.findall(text)) >= max(_ENOUGH, _SHARE * (text.count(" ") + 1))


@cache
def _detector() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
