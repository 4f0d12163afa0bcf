"""Answers that are pieces of the input: a copy, the reverse, a certain sentence."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from luthier.text import Language, is_cjk
from luthier.training.pretraining.instruct.kinds.draft import Draft, Kind, write
from luthier.training.pretraining.instruct.material import Material, words_of

_LONGEST: Mapping[Language, int] = {"en": 140, "zh": 50}
_MARK: Mapping[Language, str] = {"en": ", ", "zh": "、"}
_ENDS: Mapping[Language, tuple[str, str]] = {"en": ("first", "last"), "zh": ("第一", "最后一")}


def _copy(material: Material, language: Language, random: Random) -> Draft | None:
    passage = material.passage(language, random, most=1)
    if passage is None or len(passage.text) > _LONGEST[language]:
        return None
    return write(language, passage.text, passage.text)


def _reverse(material: Material, language: Language, random: Random) -> Draft | None:
    passage = material.passage(language, random)
    if passage is None:
        return None
    by_character = language == "zh" and random.random() < 0.5
    units = list(filter(is_cjk, passage.text)) if by_character else words_of(passage.text, language)
    count = random.randint(3, 6)
    items = list(dict.fromkeys(units[random.randrange(len(units)) :]))[:count] if units else []
    if len(items) < count:
        return None
    mark = _MARK[language]
    return write(language, mark.join(items), mark.join(reversed(items)))


def _sentence(material: Material, language: Language, random: Random) -> Draft | None:
    passage = material.passage(language, random, fewest=2, most=4)
    if passage is None:
        return None
    last = random.random() < 0.5
    answer = passage.sentences[-1 if last else 0]
    if len(answer) > _LONGEST[language]:
        return None
    return write(language, passage.text, answer, {"which": _ENDS[language][last]})


KINDS = (Kind("copy", _copy), Kind("reverse", _reverse), Kind("sentence", _sentence))
