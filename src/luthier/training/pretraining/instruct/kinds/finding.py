"""Extraction: numbers, years, quotations, brackets, foreign words; one of them, or several as fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from random import Random

from luthier.tasks import Entity, Example, Extraction
from luthier.text import Language
from luthier.training.pretraining.instruct.kinds.draft import Draft, Kind
from luthier.training.pretraining.instruct.material import Material, words_of

Spans = list[tuple[int, int]]

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_FOUR_DIGITS = re.compile(r"(?<![\d.,])(?:1\d|20)\d\d(?![\d]|[.,]\d)")
# Where four digits may also count people or metres, only these say that they name a year.
_YEAR: Mapping[Language, re.Pattern[str]] = {
    "en": re.compile(
        r"(?:\b(?:[Ii]n|[Ss]ince|[Ff]rom|[Uu]ntil|[Bb]y|[Bb]efore|[Aa]fter|[Dd]uring|early|late|year|and|to)\s"
        r"|\(|[a-z]\s\d{1,2},\s)((?:1\d|20)\d\d)(?!\d|[.,]\d|\s[a-z]+s\b)"
    ),
    "zh": re.compile(r"(?<![\d.,])((?:1\d|20)\d\d)年"),
}
_QUOTED = re.compile(r'“([^“”\n]{1,60})”|"([^"\n]{1,60})"|「([^「」\n]{1,60})」')
_BRACKETS = re.compile(r"\(([^()\n]{1,60})\)|（([^（）\n]{1,60})）")
_LATIN = re.compile(r"[A-Za-z]+")
_MOST = 6
_TRIES = 60
"""Passages looked at for one of the wanted type: numbers are everywhere, quotations are not."""


def years(text: str, language: Language) -> Spans | None:
    """Places of the years; None where four digits may be a year or not."""
    found = _groups(_YEAR[language], text)
    doubtful = len(found) < len(_FOUR_DIGITS.findall(text))
    return None if doubtful else found


def quotations(text: str) -> Spans:
    """Places of what stands in quotation marks, without the marks."""
    return _groups(_QUOTED, text)


def brackets(text: str) -> Spans:
    """Places of what stands in round brackets, without these."""
    return _groups(_BRACKETS, text)


def _groups(pattern: re.Pattern[str], text: str) -> Spans:
    return [match.span(match.lastindex or 0) for match in pattern.finditer(text)]


def _numbers(text: str, _: Language) -> Spans | None:
    return [match.span() for match in NUMBER.finditer(text)]


def _latin(text: str, _: Language) -> Spans | None:
    return [match.span() for match in _LATIN.finditer(text)]


def _first(text: str, language: Language) -> Spans | None:
    words = words_of(text, language)
    return [(0, len(words[0]))] if words and text.startswith(words[0]) else None


def _last(text: str, language: Language) -> Spans | None:
    words = words_of(text, language)
    place = text.rfind(words[-1]) if words else -1
    behind = text[place + len(words[-1]) :] if words else "?"
    return [(place, place + len(words[-1]))] if not any(map(str.isalnum, behind)) else None


_Find = Callable[[str, Language], Spans | None]
_FINDERS: Mapping[str, _Find] = {
    "number": _numbers,
    "year": years,
    "quotation": lambda text, _: quotations(text),
    "brackets": lambda text, _: brackets(text),
    "latin": _latin,
    "first": _first,
    "last": _last,
}
_NAMES: Mapping[Language, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "number": ("number", "figure", "numbers"),
        "year": ("year", "years"),
        "quotation": ("quoted words", "quotation"),
        "brackets": ("words in brackets", "parenthesis"),
        "first": ("first word",),
        "last": ("last word",),
    },
    "zh": {
        "number": ("数字", "阿拉伯数字"),
        "year": ("年份",),
        "quotation": ("引号里的内容", "引文"),
        "brackets": ("括号里的内容", "括注"),
        "latin": ("英文单词", "外文词"),
        "first": ("第一个词", "开头的词"),
        "last": ("最后一个词", "末尾的词"),
    },
}
_NOTHING: Mapping[Language, tuple[str, ...]] = {
    "en": ("none", "not mentioned", "nothing"),
    "zh": ("无", "未提及", "没有"),
}


def _entities(text: str, language: Language, names: Mapping[str, str]) -> Iterator[Entity] | None:
    """Every entity of the named types; None where one cannot be told for sure."""
    spans = {kind: _FINDERS[kind](text, language) for kind in names}
    if any(found is None or len(found) > _MOST for found in spans.values()):
        return None
    return (
        Entity(start, end, names[kind], text[start:end])
        for kind, found in spans.items()
        for start, end in found or ()
    )


def _draft(text: str, language: Language, kinds: list[str], random: Random) -> Draft | None:
    names = {kind: random.choice(_NAMES[language][kind]) for kind in kinds}
    found = _entities(text, language, names)
    if found is None:
        return None
    word = random.choice(_NOTHING[language])
    task = Extraction(language=language, types=tuple(names.values()), unmentioned=word)
    target = tuple(sorted(found))
    draft = Draft(task, text, target, balance=_pattern(target, kinds))
    spelt = {value for values in task.answer(Example("", text, target)).values() for value in values}
    # `#2` names an occurrence: a rule of the format that a text this small should not teach.
    return None if spelt - {entity.text for entity in target} else draft


def _pattern(target: tuple[Entity, ...], kinds: list[str]) -> str:
    return "+".join(kinds) if target else "nothing"


def _extract(material: Material, language: Language, random: Random) -> Draft | None:
    kind = random.choice([name for name in _NAMES[language] if name not in ("first", "last")])
    wanted = random.random() < 0.8
    for _ in range(_TRIES):
        passage = material.passage(language, random, most=2)
        draft = _draft(passage.text, language, [kind], random) if passage else None
        if draft is not None and bool(draft.target) == wanted:
            return draft
    return None


def _fields(material: Material, language: Language, random: Random) -> Draft | None:
    kinds = random.sample(list(_NAMES[language]), random.randint(2, 4))
    passage = material.passage(language, random, most=3)
    if passage is None:
        return None
    draft = _draft(passage.text, language, kinds, random)
    return draft if draft is not None and draft.target else None


KINDS = (Kind("extract", _extract, shipped="default"), Kind("fields", _fields, shipped="default"))
