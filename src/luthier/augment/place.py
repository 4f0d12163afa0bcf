"""`Place`: a word of a text, and the ways in which it may be replaced."""

from __future__ import annotations

from dataclasses import dataclass

from luthier.edits import Edit


@dataclass(frozen=True, slots=True)
class Place:
    """A replaceable word.

    Attributes:
        start: Offset in characters.
        options: One for each word that may stand there: the changes to make, by offset. More than one change
            where a word beside it has to follow (`a huge` becomes `an enormous`).
    """

    start: int
    options: tuple[tuple[Edit, ...], ...]
