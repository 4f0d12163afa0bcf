"""Synonym replacement: some words of a text give way to words that mean the same."""

from __future__ import annotations

import functools
from pathlib import Path
from random import Random
from typing import Literal

from pydantic import Field

from luthier.augment.base import Augmenter, Source
from luthier.augment.lexicons import Lexicon, find_wordnet, read_lexicon, read_wordnet, shipped
from luthier.augment.places_en import english_places
from luthier.augment.places_zh import chinese_places
from luthier.augment.variant import Variant
from luthier.text import Language


class Synonyms(Augmenter):
    """Replaces words by synonyms of the same part of speech, in the same form.

    A word is left alone where its part of speech is not sure, in names and titles, and in fixed expressions.
    The lists: docs/synonyms.md. After the synonym replacement of Wei and Zou (2019), "EDA: Easy Data
    Augmentation Techniques for Boosting Performance on Text Classification Tasks", which, unlike this, takes
    synonyms of any sense and part of speech and leaves them in their base form.
    """

    type: Literal["synonyms"] = "synonyms"
    share: float = Field(default=0.2, gt=0, le=1)
    """Share of the replaceable words that are replaced, at least one."""
    shipped: bool = True
    """Whether Luthier's own lists are used."""
    lexicons: tuple[Path, ...] = ()
    """Files with lists of your own, beside the shipped ones: one group a line, or YAML."""
    wordnet: bool | Path = False
    """For English, words that share their most frequent sense in WordNet: true where it is installed, or its
    folder."""

    def vary(self, source: Source, draw: Random) -> Variant:
        """Replaces a share of the words that can be replaced.

        Raises:
            DataError: Where a list cannot be read.
            UserError: Where WordNet is asked for and not there.
        """
        lexicon = _lexicon(source.language, self.shipped, self.lexicons, self.wordnet)
        find = english_places if source.language == "en" else chinese_places
        places = list(find(source, lexicon))
        if not places:
            return Variant.edited(source.text, ())
        chosen = sorted(draw.sample(range(len(places)), max(1, round(self.share * len(places)))))
        edits = [edit for at in chosen for edit in draw.choice(places[at].options)]
        return Variant.edited(source.text, edits)


@functools.lru_cache(maxsize=16)
def _lexicon(language: Language, own: bool, files: tuple[Path, ...], wordnet: bool | Path) -> Lexicon:
    """All lists that apply to a language, read once."""
    lexicon = shipped(language) if own else Lexicon()
    for file in files:
        lexicon += read_lexicon(file)
    if wordnet is not False and language == "en":
        lexicon += read_wordnet(find_wordnet() if wordnet is True else wordnet)
    return lexicon
