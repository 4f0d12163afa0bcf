"""A varied text, and where the places of the text before lie in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from luthier.edits import Edit

Span = tuple[int, int]
"""Offsets in characters, end exclusive."""

Piece = Span | str
"""A stretch of the text before as it stands there, or new text."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A text put together from stretches of another, in any order, and new text.

    Attributes:
        before: The text that an augmenter was given.
        pieces: What stands in the variant, from its beginning to its end. Neighbouring stretches that follow
            each other in `before` are one piece, and no piece is empty.
    """

    before: str
    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, before: str, pieces: Iterable[Piece]) -> Variant:
        """Puts a text together.

        Raises:
            ValueError: Where a stretch does not lie in `before`.
        """
        joined: list[Piece] = []
        for piece in pieces:
            if isinstance(piece, tuple) and not 0 <= piece[0] <= piece[1] <= len(before):
                raise ValueError(f"{piece} lies outside of a text of {len(before)} characters")
            if not piece or (isinstance(piece, tuple) and piece[0] == piece[1]):
                continue
            last = joined[-1] if joined else None
            if isinstance(last, tuple) and isinstance(piece, tuple) and last[1] == piece[0]:
                joined[-1] = (last[0], piece[1])
            else:
                joined.append(piece)
        return cls(before, tuple(joined))

    @classmethod
    def edited(cls, before: str, edits: Sequence[Edit]) -> Variant:
        """Makes non-overlapping changes, sorted by offset; one that changes nothing is no change."""
        pieces: list[Piece] = []
        at = 0
        for edit in edits:
            if before[edit.start : edit.end] == edit.text:
                continue
            pieces += [(at, edit.start), edit.text]
            at = edit.end
        return cls.of(before, [*pieces, (at, len(before))])

    def then(self, later: Variant) -> Variant:
        """Returns one variant of `before` that is what two steps make, one after the other.

        Args:
            later: A variant of what this one makes.

        Raises:
            ValueError: Where `later` varies another text.
        """
        if later.before != self.after:
            raise ValueError("the later variant is not one of the text that the earlier one makes")
        ends = list(accumulate(map(_length, self.pieces)))
        joined: list[Piece] = []
        for piece in later.pieces:
            joined += [piece] if isinstance(piece, str) else self._within(*piece, ends)
        return self.of(self.before, joined)

    def _within(self, start: int, end: int, ends: Sequence[int]) -> Iterator[Piece]:
        """Yields the pieces, cut at the edges, of a stretch of `after`; `ends` is where each piece ends."""
        number = bisect_right(ends, start)
        while start < end:
            piece = self.pieces[number]
            at, stop = ends[number] - _length(piece), min(end, ends[number])
            first, last = start - at, stop - at
            yield piece[first:last] if isinstance(piece, str) else (piece[0] + first, piece[0] + last)
            start, number = stop, number + 1

    @property
    def after(self) -> str:
        """The varied text."""
        return "".join(
            piece if isinstance(piece, str) else self.before[piece[0] : piece[1]] for piece in self.pieces
        )

    def forward(self, start: int, end: int) -> Span | None:
        """Returns where a span of `before` lies; None where it does not stand there whole, exactly once."""
        found: list[Span] = []
        at = 0
        for piece in self.pieces:
            if isinstance(piece, str):
                at += len(piece)
                continue
            if piece[0] <= start and end <= piece[1]:
                found.append((at + start - piece[0], at + end - piece[0]))
            at += piece[1] - piece[0]
        return found[0] if len(found) == 1 else None

    def forward_all(self, spans: Sequence[Span]) -> list[Span | None]:
        """Returns what `forward` does for each span, in time that grows with their number plus the pieces."""
        stretches: list[tuple[int, int, int]] = []
        at = 0
        for piece in self.pieces:
            if isinstance(piece, tuple):
                stretches.append((*piece, at))
            at += _length(piece)
        stretches.sort()
        if any(second[0] < first[1] for first, second in pairwise(stretches)):
            return [self.forward(*span) for span in spans]  # a stretch that stands there twice
        starts = [stretch[0] for stretch in stretches]
        found: list[Span | None] = []
        for start, end in spans:
            number = bisect_right(starts, start) - 1
            begin, stop, place = stretches[number] if number >= 0 else (0, -1, 0)
            inside = end <= stop
            found.append((place + start - begin, place + end - begin) if inside else None)
        return found


def _length(piece: Piece) -> int:
    return len(piece) if isinstance(piece, str) else piece[1] - piece[0]
