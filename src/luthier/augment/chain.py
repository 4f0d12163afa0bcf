"""Several augmenters on one text, one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from luthier.augment.base import Augmenter, Source
from luthier.augment.variant import Variant


def vary_in_turn(augmenters: Iterable[Augmenter], source: Source, draw: Random) -> Variant:
    """Varies a text by each augmenter in turn; what is protected stays protected at every step.

    Args:
        augmenters: In the order in which they work; each is given what the one before it made.
        source: The text before the first of them.
        draw: The only source of chance, shared by all.

    Returns:
        One variant of `source.text`.

    Raises:
        ValueError: Where an augmenter broke its contract and touched something protected.
    """
    whole = Variant.edited(source.text, ())
    for augmenter in augmenters:
        spans = whole.forward_all(source.protected)
        if None in spans:
            raise ValueError(f"a protected span of {source.text!r} did not survive")
        protected = tuple(span for span in spans if span is not None)
        whole = whole.then(augmenter.vary(Source(whole.after, source.language, protected), draw))
    return whole
