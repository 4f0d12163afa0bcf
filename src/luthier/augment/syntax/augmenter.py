"""Syntactic perturbation: a sentence said in another order, or in another voice."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from random import Random
from typing import Literal, get_args

from pydantic import Field, field_validator

from luthier.augment.base import Augmenter, Source
from luthier.augment.syntax import chinese, english
from luthier.augment.syntax.change import Change, Kind
from luthier.augment.variant import Piece, Span, Variant
from luthier.text import Language

KINDS: tuple[Kind, ...] = get_args(Kind)


class Syntax(Augmenter):
    """Says sentences in another order or voice: by rules, which do nothing where they are unsure."""

    type: Literal["syntax"] = "syntax"
    kinds: tuple[Kind, ...] = Field(default=KINDS, min_length=1)
    """`clauses`: a subordinate clause before or behind the main one. `adverbials`: an adverbial at the front
    or the end. `voice`: active and passive, 把 and 被. `coordination`: A and B to B and A."""
    share: float = Field(default=0.5, gt=0, le=1)
    """Fraction, 0 to 1, of the sentences to which a rule applies; one of them at least is changed."""

    @field_validator("kinds")
    @classmethod
    def _each_once(cls, kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
        return tuple(kind for kind in KINDS if kind in kinds)

    def vary(self, source: Source, draw: Random) -> Variant:
        """Changes some of the sentences that a rule understands, each in one way."""
        found = list(self._open(source))
        count = min(len(found), max(1, round(self.share * len(found))))
        pieces: list[Piece] = []
        at = 0
        for changes in (found[place] for place in sorted(draw.sample(range(len(found)), count))):
            kind = draw.choice(sorted({change.kind for change in changes}))
            change = draw.choice([change for change in changes if change.kind == kind])
            pieces += [(at, change.start), *change.pieces]
            at = change.end
        return Variant.of(source.text, [*pieces, (at, len(source.text))])

    def _open(self, source: Source) -> Iterator[list[Change]]:
        """Yields the changes that are allowed, for each sentence that has any."""
        for start, end, proposed in self.proposed(source.text, source.language):
            protected = _overlapping(source.protected, start, end)
            changes = [change for change in proposed if change.keeps(source.text, protected)]
            if changes:
                yield changes

    def proposed(self, text: str, language: Language) -> Iterator[tuple[int, int, list[Change]]]:
        """Yields each sentence that a rule understands, by its offsets, with what the rules make of it."""
        room = chinese if language == "zh" else english
        for sentence in room.sentences(text):
            changes = [
                Change(kind, sentence.start, sentence.end, pieces)
                for kind in self.kinds
                for pieces in room.RULES[kind](sentence)
            ]
            if changes:
                yield sentence.start, sentence.end, changes


def _overlapping(protected: tuple[Span, ...], start: int, end: int) -> tuple[Span, ...]:
    first = max(0, bisect_left(protected, (start, start)) - 1)
    last = bisect_left(protected, (end, end))
    return tuple(span for span in protected[first:last] if span[1] > start and span[0] < end)
