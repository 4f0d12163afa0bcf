"""The corpus: every source read, mended, without duplicates, a share held out, every drop with its reason."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from luthier.data.corpus.options import Cleaning, Source
from luthier.data.corpus.reading import RawDocument, read_documents
from luthier.data.corpus.rules import clean_text, drop_reason
from luthier.data.corpus.twins import TwinIndex
from luthier.text import Language, guess_language, normalise, shorten

_BATCH = 512
_GUESSED_FROM = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document stands: its source and the line it begins in."""

    source: str
    line: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """A document that was left out.

    Attributes:
        source: The source it is from.
        line: The line it begins in.
        reason: Why it was left out.
        twin: The earlier document that it repeats, where that is why.
        similarity: How much of their 5-grams the two share.
        text: How it begins.
    """

    source: str
    line: int
    reason: str
    twin: Place | None
    similarity: float | None
    text: str

    def to_json(self) -> dict[str, Any]:
        """Returns it as a JSON object."""
        return asdict(self)


@dataclass
class Documents:
    """A source's kept documents, those never to be trained on, and how many were dropped by reason."""

    language: Language
    read: int = 0
    training: list[str] = field(default_factory=list)
    held_out: list[str] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Corpus:
    """The documents of every source by name, and what was dropped, row by row."""

    sources: dict[str, Documents]
    dropped: list[Dropped]


def load_corpus(sources: Sequence[Source], rules: Cleaning, *, held_out: float, seed: int) -> Corpus:
    """Reads every source.

    Of equal or nearly equal documents the first is kept, in the order of sources and lines, so that no two
    kept ones are twins. A document's place (trained on or held out) follows from its own hash, so adding
    files never moves a document from one to the other.

    Args:
        sources: The files and how to read them.
        rules: Which documents are kept.
        held_out: Share of the documents to hold out, 0 to 1.
        seed: Order of the training documents.

    Raises:
        DataError: Where a file cannot be read.
    """
    loader = _Loader(rules, held_out)
    for source in sources:
        loader.read(source)
        random.Random(seed).shuffle(loader.sources[source.name].training)
    return Corpus(loader.sources, loader.dropped)


class _Loader:
    """What was read so far, and what a new document is compared with."""

    def __init__(self, rules: Cleaning, held_out: float) -> None:
        self.sources: dict[str, Documents] = {}
        self.dropped: list[Dropped] = []
        self._rules = rules
        self._held_out = held_out
        self._equal: dict[bytes, Place] = {}
        self._twins = None if rules.near_duplicates is None else TwinIndex(rules.near_duplicates)
        self._places: list[Place] = []

    def read(self, source: Source) -> None:
        documents = read_documents(source)
        while batch := list(islice(documents, _BATCH)):
            if source.name not in self.sources:
                beginning = "\n".join(document.text for document in batch[:_GUESSED_FROM])
                language = source.language or guess_language(beginning)
                self.sources[source.name] = Documents(language)
            self._add(source, batch)

    def _add(self, source: Source, batch: Sequence[RawDocument]) -> None:
        self.sources[source.name].read += len(batch)
        distinct, folded = [], []
        for document in batch:
            text = clean_text(document.text, source)
            place = Place(source.name, document.line)
            if reason := drop_reason(text, source, self._rules):
                self._drop(place, text or document.text, reason)
                continue
            same = normalise(text)
            digest = hashlib.sha256(same.encode()).digest()
            if earlier := self._equal.get(digest):
                self._drop(place, text, "duplicate", earlier, 1.0)
                continue
            self._equal[digest] = place
            distinct.append((place, text))
            folded.append(same)
        twins = self._twins.add(folded) if self._twins else [None] * len(distinct)
        for (place, text), twin in zip(distinct, twins, strict=True):
            if twin is None:
                self._keep(place, text)
            else:
                similarity = round(twin.similarity, 4)
                self._drop(place, text, "near duplicate", self._places[twin.number], similarity)

    def _keep(self, place: Place, text: str) -> None:
        self._places.append(place)
        number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
        documents = self.sources[place.source]
        (documents.held_out if number / 2**64 < self._held_out else documents.training).append(text)

    def _drop(
        self,
        place: Place,
        text: str,
        reason: str,
        twin: Place | None = None,
        similarity: float | None = None,
    ) -> None:
        self.sources[place.source].dropped[reason] += 1
        row = Dropped(place.source, place.line, reason, twin, similarity, shorten(text, 200))
        self.dropped.append(row)
