"""The contract of an augmenter: what it is given, what it makes of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from pydantic import BaseModel, ConfigDict, Field

from luthier.augment.variant import Span, Variant
from luthier.text import Language


@dataclass(frozen=True, slots=True)
class Source:
    """A text to vary.

    Attributes:
        text: As it stands.
        language: Decides the rules and lists that apply.
        protected: Spans that must stay letter for letter, whole and in their order: negations, aspect terms,
            entities, what a reason quotes. Sorted, not overlapping, not empty.
    """

    text: str
    language: Language
    protected: tuple[Span, ...] = ()

    def is_free(self, start: int, end: int) -> bool:
        """Tells whether a span, or a place where `start == end`, touches nothing that is protected.

        A place at the edge of a protected span is free; one inside is not.
        """
        at = bisect_right(self.protected, (start, len(self.text) + 1))
        before = self.protected[at - 1] if at else None
        after = self.protected[at] if at < len(self.protected) else None
        if start == end:
            return before is None or not before[0] < start < before[1]
        return (before is None or before[1] <= start) and (after is None or end <= after[0])


def join_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sorts spans, joins those that overlap and drops empty ones, as `Source.protected` wants them.

    Spans that only touch stay apart.
    """
    joined: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


class Augmenter(BaseModel, ABC):
    """Makes variants of a text that mean the same.

    An augmenter is a frozen option object: what the recipe's `data.augment` names is what does the work. The
    contract suite in `tests/augment/contract.py` holds for every one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    type: str
    copies: int = Field(default=1, ge=1, le=100)
    """Variants of each example; fewer where too few differ from each other."""

    @abstractmethod
    def vary(self, source: Source, draw: Random) -> Variant:
        """Returns a variant; one whose `after` is the text itself where nothing can safely be changed.

        Args:
            source: What to vary. Nothing protected is changed, split or taken out of order.
            draw: The only source of chance, so that the same seed gives the same variant.
        """
