"""Chinese sentences, and the rules that say them otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from luthier.augment.syntax.change import Kind, Pieces
from luthier.augment.syntax.chinese import adverbials, clauses, coordination, voice
from luthier.augment.syntax.chinese.sentence import Sentence, sentences

RULES: Mapping[Kind, Callable[[Sentence], Iterator[Pieces]]] = {
    "clauses": clauses.changes,
    "adverbials": adverbials.changes,
    "voice": voice.changes,
    "coordination": coordination.changes,
}

__all__ = ["RULES", "Sentence", "sentences"]
