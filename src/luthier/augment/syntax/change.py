"""What a rule proposes for one sentence, and the bounds within which it may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from luthier.augment.variant import Piece, Span, Variant

Kind = Literal["clauses", "adverbials", "voice", "coordination"]

Pieces = tuple[Piece, ...]
"""What may stand instead of a sentence: stretches of the text it stands in, and new text."""


@dataclass(frozen=True, slots=True)
class Change:
    """One way to say a sentence otherwise.

    Attributes:
        kind: Of the transformation.
        start: Where the sentence begins in the text, in characters.
        end: Where it ends, exclusive.
        pieces: What stands there instead; no stretch reaches out of the sentence.
    """

    kind: Kind
    start: int
    end: int
    pieces: Pieces

    def keeps(self, text: str, protected: Sequence[Span]) -> bool:
        """Tells whether spans of the text that overlap the sentence stay whole and in their order."""
        variant = Variant.of(text, self.pieces)
        places = [place for span in protected if (place := variant.forward(*span)) is not None]
        in_order = all(first[1] <= second[0] for first, second in pairwise(places))
        return in_order and len(places) == len(protected)
