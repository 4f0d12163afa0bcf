"""Entities marked in a text, nested and overlapping ones included."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from luthier.tasks.example import UNPLACED, Entity


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters that the same entities cover.

    Attributes:
        text: The characters.
        types: Types of the entities that cover it, outermost first; none for plain text.
        right: Whether every entity that covers it is right.
        ends: Types of the entities that end after it, innermost first, each with whether it is right.
    """

    text: str
    types: tuple[str, ...]
    right: bool
    ends: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """A text in pieces, and what was predicted that does not stand in it."""

    pieces: tuple[Piece, ...]
    unplaced: tuple[Entity, ...]


def mark(text: str, entities: Iterable[Entity], other: Iterable[Entity]) -> Marked:
    """Cuts a text where an entity begins or ends.

    Args:
        text: The input.
        entities: What to mark.
        other: What they are held against: an entity is right where `other` has it too.
    """
    found, known = list(dict.fromkeys(entities)), {_key(entity) for entity in other}
    # Outermost first: of those that begin together the longer one.
    placed = sorted(
        (entity for entity in found if entity.start != UNPLACED),
        key=lambda entity: (entity.start, -entity.end, entity.type),
    )
    bounds = sorted({0, len(text), *(end for entity in placed for end in (entity.start, entity.end))})
    pieces = []
    for start, end in pairwise(bounds):
        over = [entity for entity in placed if entity.start <= start and end <= entity.end]
        closing = [entity for entity in reversed(over) if entity.end == end]
        pieces.append(
            Piece(
                text[start:end],
                tuple(entity.type for entity in over),
                all(_key(entity) in known for entity in over),
                tuple((entity.type, _key(entity) in known) for entity in closing),
            )
        )
    return Marked(tuple(pieces), tuple(entity for entity in found if entity.start == UNPLACED))


def difference(gold: Iterable[Entity], predicted: Iterable[Entity]) -> int:
    """Counts entities that only one side has: the missed and the invented."""
    return len({_key(entity) for entity in gold} ^ {_key(entity) for entity in predicted})


def _key(entity: Entity) -> tuple[int, int, str, str]:
    # A placed span is told by its offsets, whatever surface was written beside them.
    return entity.start, entity.end, entity.type, entity.text if entity.start == UNPLACED else ""
