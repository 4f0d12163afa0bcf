"""A text that a model wrote anew, as a variant of the old one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from luthier.augment.base import Source
from luthier.augment.variant import Piece, Variant

Rewriter = Callable[[Sequence[str]], Iterable[str]]
"""What puts texts into other words, a batch at a time: one text for each, in their order."""


def paraphrase(source: Source, text: str) -> Variant | None:
    """Returns the variant that reads `text`, in which what is protected still stands.

    Args:
        source: The text that was put into other words.
        text: What a model made of it.

    Returns:
        None where something protected is missing, stands there more or less often than before, or not in its
        old order: what the label hangs on may then be another.
    """
    pieces: list[Piece] = []
    at = 0
    for start, end in source.protected:
        surface = source.text[start:end]
        place = text.find(surface, at)
        if place < 0 or text.count(surface) != source.text.count(surface):
            return None
        pieces += [text[at:place], (start, end)]
        at = place + len(surface)
    return Variant.of(source.text, [*pieces, text[at:]])
