"""More examples out of those there are: each augmenter is an option object that varies one text."""

from __future__ import annotations

from luthier.augment.base import Augmenter, Source
from luthier.augment.variant import Piece, Span, Variant

__all__ = ["Augmenter", "Piece", "Source", "Span", "Variant"]
