"""Small augmenters that do something known."""

from __future__ import annotations

import re
from random import Random
from typing import Literal

from luthier.augment import Augmenter, Source, Variant
from luthier.edits import Edit


class Fillers(Augmenter):
    """Puts one of many words in front of some words that are free."""

    type: Literal["fillers"] = "fillers"

    def vary(self, source: Source, draw: Random) -> Variant:
        starts = [found.start() for found in re.finditer(r"\S+", source.text)]
        edits = [
            Edit(at, at, f"{draw.choice('abcdefgh')}um ")
            for at in starts
            if draw.random() < 0.5 and source.is_free(at, at)
        ]
        return Variant.edited(source.text, edits)


class Turn(Augmenter):
    """Turns the two halves at the first comma round, where nothing protected stands in their way."""

    type: Literal["turn"] = "turn"

    def vary(self, source: Source, draw: Random) -> Variant:
        at = source.text.find(", ")
        protected_before = any(start < at for start, _ in source.protected)
        if at < 0 or not source.is_free(at, at + 2) or (protected_before and source.protected[-1][1] > at):
            return Variant.edited(source.text, ())
        return Variant.of(source.text, [(at + 2, len(source.text)), ", ", (0, at)])


class Careless(Augmenter):
    """Breaks the contract: throws away what is protected."""

    type: Literal["careless"] = "careless"

    def vary(self, source: Source, draw: Random) -> Variant:
        return Variant.of(source.text, ["nothing of it"])
