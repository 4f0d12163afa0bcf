"""More examples out of those there are: each augmenter is an option object that varies one text."""

from __future__ import annotations

from luthier.augment.base import Augmenter, Source
from luthier.augment.chain import vary_in_turn
from luthier.augment.paraphrase import Rewriter, paraphrase
from luthier.augment.protect import protected_spans
from luthier.augment.variant import Piece, Span, Variant

__all__ = [
    "Augmenter",
    "Piece",
    "Rewriter",
    "Source",
    "Span",
    "Variant",
    "paraphrase",
    "protected_spans",
    "vary_in_turn",
]
