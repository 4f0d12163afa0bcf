"""Noise: the slips and fillers of people who type or speak."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

from pydantic import Field

from luthier.augment import slips
from luthier.augment.base import Augmenter, Source, join_spans
from luthier.augment.literals import literals
from luthier.augment.negation import negations
from luthier.augment.sentences import sentences
from luthier.augment.sounds import NUMERALS
from luthier.augment.variant import Span, Variant
from luthier.augment.words import word_list
from luthier.edits import Edit
from luthier.text import is_cjk

Kind = Literal["insert", "delete", "swap", "keyboard", "homophone", "filler"]

# No word of a path, a file name, a compound or a contraction: the slip would be in something else.
_ENGLISH_WORD = re.compile(r"(?<![\w./\\@:&=$%#~+*'’-])[A-Za-z]++(?![\w/\\@&=$%#~+*]|[.:'’-]\w)")
_FIRST_WORD = re.compile(r"[A-Za-z]++(?![\w.:'’@-])")
_MARKUP = re.compile(r"<[^<>]{1,200}>|\[[^\[\]\s]{1,8}\]|\{[^{}]{1,80}\}")
_ENGLISH_BOUNDARY = re.compile(r"(?<=[A-Za-z]) ?, (?=[A-Za-z])")
_CHINESE_BOUNDARY = re.compile(r"(?<=[㐀-鿿])[，；](?=[㐀-鿿])")
_AROUND = 8  # characters on either side in which a slip could make or break a negation


@dataclass(frozen=True, slots=True)
class _Place:
    """Where noise may be put: a word, or the beginning of a clause, where a filler may be put in.

    Attributes:
        start: Offset in characters.
        end: Offset in characters, exclusive; equal to `start` for a clause.
        comma: What stands behind a filler.
        case: How a filler is written: as it is, with a `capital`, or `small` throughout.
        lower: Whether the letter at `start` loses its capital to the filler.
    """

    start: int
    end: int
    comma: str = ""
    case: Literal["", "capital", "small"] = ""
    lower: bool = False


class Noise(Augmenter):
    """Puts the slips of people who type, and the fillers of people who speak, into a text.

    A word is hit once at most, so that it can still be read. Numbers, addresses, mark-up, words of the other
    language, and negations with what they negate stay, and no slip makes a negation.
    """

    type: Literal["noise"] = "noise"
    share: float = Field(default=0.05, gt=0, le=1)
    """Share of the places that are hit, above 0 to 1; one at least where there is any. A place is a word
    (an English one: of four letters or more, or with a homophone) or, with `filler`, the beginning of a
    clause. Each is as likely as any other, and so is each kind that fits it."""
    kinds: tuple[Kind, ...] = Field(default=get_args(Kind), min_length=1)
    """`insert`: a neighbouring key, or the same letter or Chinese character again. `delete`: a letter, or a
    character of a Chinese word of three or more. `swap`: two neighbours within a word. `keyboard`: a
    neighbouring key for the right one, or another Chinese word of the same sound, tones and all. `homophone`:
    another English word, or a Chinese character of the same syllable. `filler`: um, you know; 嗯, 那个."""

    def vary(self, source: Source, draw: Random) -> Variant:
        """Returns the text with slips and fillers; the text itself where no place is free."""
        text = source.text
        spans = (*source.protected, *negations(text), *literals(text), *_markup(text))
        guarded = Source(text, source.language, join_spans(spans))
        places = [*self._words(guarded), *self._clauses(guarded)]
        wanted = max(1, round(self.share * len(places)))
        edits: dict[int, Edit] = {}
        for place in draw.sample(places, len(places)):
            if len(edits) == wanted:
                break
            if place.start not in edits:
                edit = self._edit(guarded, place, draw)
                if edit is not None:
                    edits[place.start] = edit
        variant = Variant.edited(text, [edits[start] for start in sorted(edits)])
        # Each slip was looked at alone; that they leave the negations alone together is made sure of here.
        return variant if _count(variant.after) == _count(text) else Variant.edited(text, [])

    def _words(self, source: Source) -> Iterator[_Place]:
        if source.language == "zh":
            found = _chinese_words(source.text) if set(self.kinds) - {"filler"} else iter(())
        else:
            found = self._english_words(source.text)
        yield from (_Place(*span) for span in found if source.is_free(*span))

    def _english_words(self, text: str) -> Iterator[Span]:
        by_letter = bool(set(self.kinds) - {"filler", "homophone"})
        by_sound = "homophone" in self.kinds
        for found in _ENGLISH_WORD.finditer(text):
            long = len(found[0]) >= slips.LEAST_LETTERS
            if (by_letter and long) or (by_sound and slips.has_homophone(found[0])):
                yield found.span()

    def _clauses(self, source: Source) -> Iterator[_Place]:
        if "filler" in self.kinds:
            find = _english_clauses if source.language == "en" else _chinese_clauses
            for place in find(source.text):
                if source.is_free(place.start, place.start + place.lower):
                    yield place

    def _edit(self, source: Source, place: _Place, draw: Random) -> Edit | None:
        if place.start == place.end:
            return _filled(source, place, draw)
        word = source.text[place.start : place.end]
        make = slips.english if source.language == "en" else slips.chinese
        fitting = [kind for kind in self.kinds if kind != "filler"]
        for kind in draw.sample(fitting, len(fitting)):
            slipped = make(word, kind, draw)
            if slipped is not None and slipped != word and _negates_alike(source.text, place, slipped):
                return Edit(place.start, place.end, slipped)
        return None


def _filled(source: Source, place: _Place, draw: Random) -> Edit:
    filler = draw.choice(word_list(f"fillers.{source.language}")).replace("_", " ")
    if place.case:
        filler = filler.lower() if place.case == "small" else filler[0].upper() + filler[1:]
    lowered = source.text[place.start].lower() if place.lower else ""
    return Edit(place.start, place.start + place.lower, filler + place.comma + lowered)


def _english_clauses(text: str) -> Iterator[_Place]:
    small = text.islower()
    for found in _ENGLISH_BOUNDARY.finditer(text):
        yield _Place(found.end(), found.end(), found[0], "small" if small else "")
    comma = " , " if " , " in text else ", "
    leading = word_list("leading.en")
    for start, _ in sentences(text, "en"):
        word = _FIRST_WORD.match(text, start)
        if word is None:
            continue
        if word[0].islower():
            yield _Place(start, start, comma, "small" if small else "")
        elif word[0] == "I" or word[0].lower() in leading:
            yield _Place(start, start, comma, "capital", lower=word[0] != "I")


def _chinese_clauses(text: str) -> Iterator[_Place]:
    for found in _CHINESE_BOUNDARY.finditer(text):
        yield _Place(found.end(), found.end(), "，")
    for start, _ in sentences(text, "zh"):
        if is_cjk(text[start]):
            yield _Place(start, start, "，")


def _chinese_words(text: str) -> Iterator[Span]:
    import rjieba

    for word, start, end in rjieba.tokenize(text):
        if all(map(is_cjk, word)) and NUMERALS.isdisjoint(word):
            yield start, end


def _markup(text: str) -> Iterator[Span]:
    yield from (found.span() for found in _MARKUP.finditer(text))


def _negates_alike(text: str, place: _Place, slipped: str) -> bool:
    """Tells whether as many negations stand around a word with its slip as without it."""
    before = text[max(0, place.start - _AROUND) : place.start]
    after = text[place.end : place.end + _AROUND]
    return _count(before + slipped + after) == _count(before + text[place.start : place.end] + after)


def _count(text: str) -> int:
    return sum(1 for _ in negations(text))
