"""Chinese text in sentences, comma clauses and words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from luthier.augment.sentences import sentences as split
from luthier.augment.variant import Piece

LONGEST = 200
"""Characters of the longest sentence that is looked at: no rule understands a longer one."""

_SEGMENT = re.compile(r"[^。！？!?；;…~～，,\s：:、（）()“”\"'‘’「」『』《》【】\[\]<>—\-*.·]+")
_TITLE = ("《", "〈", "「", "『", "“")
_COMMA = re.compile(r"\s*[，,]\s*")


@dataclass(frozen=True, slots=True)
class Word:
    """A word as rjieba cuts it.

    Attributes:
        text: As it stands.
        tag: Its part of speech by rjieba's lexicon: n noun, v verb, a adjective, d adverb, ...
        start: Offset in the whole text, in characters.
        end: Offset, exclusive.
    """

    text: str
    tag: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Segment:
    """What stands between two marks.

    Attributes:
        text: As it stands.
        start: Offset in the whole text, in characters.
        end: Offset, exclusive.
    """

    text: str
    start: int
    end: int

    @property
    def span(self) -> Piece:
        """The segment as a piece."""
        return (self.start, self.end)

    def words(self) -> tuple[Word, ...]:
        """Its words; none where rjieba does not give back every character."""
        import rjieba

        found: list[Word] = []
        at = self.start
        for text, tag in rjieba.tag(self.text):
            found.append(Word(text, tag, at, at + len(text)))
            at += len(text)
        return tuple(found) if "".join(word.text for word in found) == self.text else ()


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence without the marks at its end.

    Attributes:
        text: The whole text it stands in.
        start: Offset of its first segment, in characters.
        end: Where its last segment ends.
        segments: What stands between its marks.
        mark: What it ends in; "" where no mark follows.
    """

    text: str
    start: int
    end: int
    segments: tuple[Segment, ...]
    mark: str

    @property
    def is_question(self) -> bool:
        """Whether it ends on a question mark."""
        return "?" in self.mark or "？" in self.mark

    def gap(self, at: int) -> str:
        """What stands before segment `at`, behind the one before it; "" at the beginning."""
        return self.text[self.segments[at - 1].end : self.segments[at].start] if at else ""

    def has_comma(self, at: int) -> bool:
        """Tells whether a comma, and nothing else, stands before segment `at`."""
        return _COMMA.fullmatch(self.gap(at)) is not None

    def is_named(self, at: int) -> bool:
        """Tells whether segment `at` stands in the brackets of a title, or in a list."""
        start, end = self.segments[at].start, self.segments[at].end
        return self.text[max(0, start - 1) : start] in _TITLE or self.text[end : end + 1] == "、"

    def replaced(self, at: int, pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
        """The sentence with other pieces for segment `at`."""
        segment = self.segments[at]
        return ((self.start, segment.start), *pieces, (segment.end, self.end))


def sentences(text: str) -> Iterator[Sentence]:
    """Yields the sentences of a text that are not too long."""
    for start, end in split(text, "zh"):
        if end - start > LONGEST:
            continue
        parts = _SEGMENT.finditer(text, start, end)
        segments = tuple(Segment(part[0], part.start(), part.end()) for part in parts)
        if segments:
            last = segments[-1].end
            yield Sentence(text, segments[0].start, last, segments, text[last:end])
