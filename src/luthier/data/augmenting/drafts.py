"""Drafts: copies as they are made, and which of them say what another record says already."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from luthier.data.augmenting.copies import Copy
from luthier.data.augmenting.measures import edit_distance
from luthier.data.augmenting.report import HELD_OUT, KNOWN, REPEATED, TAKEN, Provenance, Refusal
from luthier.data.duplicates import content
from luthier.tasks import Example
from luthier.text import normalise


class Drafts:
    """What is noted of copies while they go by, so that their texts need not stay in memory.

    Args:
        records: Every record of the set that is enlarged.
        held_out: Contents of records that no copy may repeat.

    Attributes:
        provenance: Where each draft comes from, in the order in which they were yielded.
        distances: How far each is from its original, see `measures.edit_distance`.
        refusals: Copies that did not become drafts.
    """

    def __init__(self, records: Iterable[Example], held_out: Iterable[str]) -> None:
        self.provenance: list[Provenance] = []
        self.distances: list[float] = []
        self.refusals: list[Refusal] = []
        self._held_out = {_key(text) for text in held_out}
        self._ids: set[str] = set()
        self._known: set[bytes] = set()
        for record in records:
            self._ids.add(record.id)
            self._known.add(_key(content(record)))
        self._keys: list[bytes] = []

    def of(self, made: Iterable[Copy | Refusal]) -> Iterator[Example]:
        """Yields the copies that say something new, and notes the others."""
        for item in made:
            refused = item if isinstance(item, Refusal) else self._refused(item)
            if refused is not None:
                self.refusals.append(refused)
            elif isinstance(item, Copy):
                yield item.example

    def _refused(self, copy: Copy) -> Refusal | None:
        """Notes a copy as a draft; returns a refusal where it is none."""
        key = _key(content(copy.example))
        found = {
            HELD_OUT: key in self._held_out,
            KNOWN: key in self._known,
            TAKEN: copy.example.id in self._ids,
        }
        reason = next((name for name, is_so in found.items() if is_so), None)
        if reason is not None:
            return Refusal(copy.original, copy.augmenter, reason, copy.example.text)
        self._keys.append(key)
        self.provenance.append(
            Provenance(copy.example.id, copy.original, copy.augmenter, copy.variant.pieces)
        )
        self.distances.append(edit_distance(copy.variant.before, copy.example.text))
        return None

    def first_of_each(self, texts: Iterable[Example]) -> list[int]:
        """Returns the positions of drafts that no other repeats; of equal ones that with the smallest id.

        By id and not by place, so that the order of the records does not decide.
        """
        smallest: dict[bytes, str] = {}
        for key, made in zip(self._keys, self.provenance, strict=True):
            smallest[key] = min(smallest.get(key, made.id), made.id)
        kept = []
        for index, (draft, key) in enumerate(zip(texts, self._keys, strict=True)):
            made = self.provenance[index]
            if smallest[key] == made.id:
                kept.append(index)
            else:
                self.refusals.append(Refusal(made.original, made.augmenter, REPEATED, draft.text))
        return kept


def _key(text: str) -> bytes:
    """What tells texts apart: 16 bytes a text, however long it is."""
    return hashlib.blake2b(normalise(text).encode("utf-8", "surrogatepass"), digest_size=16).digest()
