"""Leaks: held-out records that stand, equal or nearly so, in what the model is trained on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from luthier.data.duplicates import Duplicates, content
from luthier.data.examples import Examples
from luthier.text import shorten


@dataclass(frozen=True, slots=True)
class Leak:
    """A held-out record that was seen in training.

    Attributes:
        held_out: `validation` or `test/<name>`.
        id: Id of the held-out record.
        origin: Where it stands.
        seen_in: `train`, or `validation`, which chooses the checkpoint.
        seen_id: Id of the most similar record there.
        seen_origin: Where that stands.
        similarity: Jaccard index of character 5-grams, 0.8 to 1; 1 for equal texts.
        text: The beginning of the held-out text.
    """

    held_out: str
    id: str
    origin: str
    seen_in: str
    seen_id: str
    seen_origin: str
    similarity: float
    text: str


def find_leaks(
    sets: Mapping[str, Examples], places: Sequence[tuple[str, int]], duplicates: Duplicates
) -> list[Leak]:
    """Returns one leak for each held-out record that has a (near) duplicate in train or validation.

    Args:
        sets: The splits by role; all but `train` are held out, and `validation` is seen by the test sets.
        places: Role and index of each text that `duplicates` compared.
        duplicates: The (near) duplicates among all texts.
    """
    near: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for pair in duplicates.pairs:
        near[pair.first].append((pair.similarity, pair.second))
        near[pair.second].append((pair.similarity, pair.first))
    leaks: list[Leak] = []
    for node, copies in enumerate(duplicates.copies):
        alike = [(1.0, node), *sorted(near[node], reverse=True)]
        for position in copies:
            role, index = places[position]
            seen = _most_similar(role, alike, duplicates, places)
            if seen is not None:
                similarity, other_role, other_index = seen
                here, there = sets[role][index], sets[other_role][other_index]
                leaks.append(
                    Leak(
                        role,
                        here.id,
                        here.origin,
                        other_role,
                        there.id,
                        there.origin,
                        round(similarity, 4),
                        shorten(content(here), 120),
                    )
                )
    return leaks


def _most_similar(
    role: str, alike: Sequence[tuple[float, int]], duplicates: Duplicates, places: Sequence[tuple[str, int]]
) -> tuple[float, str, int] | None:
    """Finds the most similar record that training sees, in train rather than in validation."""
    if role == "train":
        return None
    seen_in = ("train",) if role == "validation" else ("train", "validation")
    found = [
        (similarity, *places[position])
        for similarity, node in alike
        for position in duplicates.copies[node]
        if places[position][0] in seen_in
    ]
    return min(found, key=lambda item: (-item[0], item[1], item[2]), default=None)
