"""`LanguageOriented`: the preset that changes words, order and structure and leaves what is said."""

from __future__ import annotations

from random import Random
from typing import Final, Literal

from luthier.augment.base import Augmenter, Source
from luthier.augment.chain import vary_in_turn
from luthier.augment.reorder import Reorder
from luthier.augment.synonyms import Synonyms
from luthier.augment.syntax import Syntax
from luthier.augment.variant import Variant

PRESET: Final = "language-oriented"


class LanguageOriented(Augmenter):
    """Synonyms, then reordered sentences, then another syntax, one after the other on the same text.

    Each works as it does alone, with its own defaults; a copy may well have been changed by one of them only.
    """

    type: Literal["language-oriented"] = PRESET

    def vary(self, source: Source, draw: Random) -> Variant:
        """As `Augmenter.vary`."""
        return vary_in_turn((Synonyms(), Reorder(), Syntax()), source, draw)
