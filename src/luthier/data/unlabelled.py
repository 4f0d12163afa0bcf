"""Unlabelled text that may be learnt from: what stands in the recipe's other files already is left out."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from luthier.data.cleaning import Cleaning, CountTokens
from luthier.data.duplicates import content, find_duplicates
from luthier.data.examples import Examples
from luthier.data.options import DataOptions
from luthier.data.reading import read_examples
from luthier.errors import DataError
from luthier.tasks import Task
from luthier.text import normalise, shorten

BLOCK = 50_000
"""Unlabelled texts that are compared at a time, so that memory does not grow with their number."""

REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Seen:
    """An unlabelled record that is left out.

    Attributes:
        id: Of the record.
        origin: Where it stands.
        seen_in: `test/<name>`, `validation` or `train`; `unlabelled` where an earlier record is equal.
        seen_id: Id of the most similar record there; empty for `unlabelled`.
        similarity: Jaccard index of character 5-grams, 0.8 to 1; 1 for equal texts.
        text: Its beginning.
    """

    id: str
    origin: str
    seen_in: str
    seen_id: str
    similarity: float
    text: str

    @property
    def reason(self) -> str:
        """Why it is left out, as the data report words it: `test/id, near`."""
        if self.seen_in == "unlabelled":
            return REPEATED
        return f"{self.seen_in}, {'equal' if self.similarity == 1 else 'near'}"

    def to_json(self) -> dict[str, Any]:
        """Returns the attributes and the reason as JSON."""
        return {**asdict(self), "reason": self.reason}


def unseen(
    unlabelled: Examples, sets: Mapping[str, Examples], *, block: int = BLOCK
) -> tuple[list[int], list[Seen]]:
    """Tells which unlabelled records stand, equal or nearly so, in no other set of the recipe.

    A label that a model gives to a test record would be learnt and then scored: those are never let in. Nor
    are records of validation, which chooses the weights, or of train, whose own label is better. Of equal
    unlabelled texts the first stays, so that a text that was copied a thousand times counts once.

    Args:
        unlabelled: Read a block at a time.
        sets: `train`, `validation`, `test/<name>`.
        block: How many unlabelled texts are compared at once.

    Returns:
        Positions of the records that stay, ascending, and what was left out, in its order. A record that
        stands in several sets is told with a test set before validation, and with that before train.
    """
    places = [(role, index) for role in sorted(sets, key=_gravity) for index in range(len(sets[role]))]
    known = [content(sets[role][index]) for role, index in places]
    kept: list[int] = []
    seen: list[Seen] = []
    met: set[bytes] = set()
    for begin in range(0, len(unlabelled), block):
        part = unlabelled[begin : begin + block]
        texts = [content(example) for example in part]
        matches = dict(_matches(known, texts))
        for offset, (example, text) in enumerate(zip(part, texts, strict=True)):
            digest = _digest(text)
            if offset in matches:
                where, similarity = matches[offset]
                role, index = places[where]
                found = (role, sets[role][index].id, round(similarity, 4))
            elif digest in met:
                found = ("unlabelled", "", 1.0)
            else:
                met.add(digest)
                kept.append(begin + offset)
                continue
            seen.append(Seen(example.id, example.origin, *found, shorten(text, 120)))
    return kept, seen


def known_targets(
    pool: Examples,
    options: DataOptions,
    task: Task,
    *,
    base_dir: Path,
    count_tokens: CountTokens | None = None,
) -> Examples | None:
    """Reads the targets that unlabelled records have after all, cleaned as the records are.

    Args:
        pool: Some of the records, as `load_splits` read them.
        options: The recipe's `data` section.
        task: What a target has to fit.
        base_dir: The recipe's folder.
        count_tokens: As for `load_splits`.

    Returns:
        The same records with their targets; None where not every record has one that fits the task.
    """
    cleaning = Cleaning(task, options.clean, task.record, count_tokens=count_tokens)
    reading = options.reading("unlabelled")
    try:
        found, _ = read_examples(str(options.unlabelled), task, reading, base_dir=base_dir, stage=cleaning)
    except DataError:
        return None
    places = {origin: place for place, origin in enumerate(found.dataset["origin"])}
    wanted = [places.get(origin) for origin in pool.dataset["origin"]]
    positions = [place for place in wanted if place is not None]
    return found.select(positions) if len(positions) == len(wanted) else None


def _digest(text: str) -> bytes:
    return hashlib.blake2b(normalise(text).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _gravity(role: str) -> tuple[int, str]:
    return (0 if role.startswith("test/") else 1 if role == "validation" else 2, role)


def _matches(known: Sequence[str], texts: Sequence[str]) -> Iterator[tuple[int, tuple[int, float]]]:
    """Yields the position of each text that is known, with that of the gravest known one and how alike."""
    duplicates = find_duplicates([*known, *texts])
    near: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for pair in duplicates.pairs:
        near[pair.first].append((pair.second, pair.similarity))
        near[pair.second].append((pair.first, pair.similarity))
    for node, copies in enumerate(duplicates.copies):
        inside = [position - len(known) for position in copies if position >= len(known)]
        alike = [
            (position, similarity)
            for other, similarity in ((node, 1.0), *near[node])
            for position in duplicates.copies[other][:1]  # of equal texts the gravest comes first
            if position < len(known)
        ]
        if inside and alike:
            gravest = min(alike)
            yield from ((offset, gravest) for offset in inside)
