"""`Comparison`: the records of a recipe's sets held against each other, text by text and target by target."""

from __future__ import annotations

import json
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from luthier.data.duplicates import Duplicates, content, find_duplicates
from luthier.data.examples import Examples
from luthier.tasks import Entity, Example, target_to_json
from luthier.text import normalise

Place = tuple[str, int]
"""The set in which a record stands, and its index there."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is the same, or nearly so, among all records of the sets. A position counts them through.

    Attributes:
        sets: The sets by role; `train` comes first, so that a position in it is the index.
        places: Role and index of each position.
        duplicates: The (near) duplicates among the texts.
        targets: For each position a number; equal ones mean the same target.
        contexts: For each position a number; equal ones mean the same dialogue and instruction before it.
    """

    sets: Mapping[str, Examples]
    places: Sequence[Place]
    duplicates: Duplicates
    targets: Sequence[int]
    contexts: Sequence[int]

    @classmethod
    def of(cls, sets: Mapping[str, Examples], target: Callable[[Example], str] | None = None) -> Comparison:
        """Reads every record once.

        Args:
            sets: The sets by role, `train` first.
            target: Writes a target so that equal texts mean the same; None for the usual way.
        """
        key = target or target_key
        texts: list[str] = []
        places: list[Place] = []
        targets, contexts = array("q"), array("q")
        for role, examples in sets.items():
            for index, example in enumerate(examples):
                texts.append(content(example))
                places.append((role, index))
                targets.append(hash(key(example)))
                contexts.append(hash(context_key(example)))
        return cls(sets, places, find_duplicates(texts), targets, contexts)

    @property
    def train(self) -> int:
        """How many positions are of train."""
        return len(self.sets["train"])

    def neighbours(self) -> Mapping[int, list[tuple[float, int]]]:
        """Returns for each distinct text the nearly equal ones, the most similar first."""
        near: dict[int, list[tuple[float, int]]] = defaultdict(list)
        for pair in self.duplicates.pairs:
            near[pair.first].append((pair.similarity, pair.second))
            near[pair.second].append((pair.similarity, pair.first))
        return {node: sorted(others, key=lambda item: (-item[0], item[1])) for node, others in near.items()}

    def without(self, gone: Collection[int]) -> Comparison:
        """Returns the comparison of the records that are left when those positions of train are taken out."""
        if not gone:
            return self
        left = [position for position in range(len(self.places)) if position not in gone]
        kept = left[: self.train - len(gone)]
        places = [("train", index) for index in range(len(kept))] + list(self.places[self.train :])
        return replace(
            self,
            sets={**self.sets, "train": self.sets["train"].select(kept)},
            places=places,
            duplicates=self.duplicates.only(left),
            targets=array("q", (self.targets[position] for position in left)),
            contexts=array("q", (self.contexts[position] for position in left)),
        )


def target_key(example: Example) -> str:
    """Writes what is true so that equal texts mean the same target; entities by type and surface."""
    target = example.target
    if isinstance(target, tuple):
        return json.dumps(
            [[item.type, normalise(item.text)] if isinstance(item, Entity) else item for item in target]
        )
    return json.dumps(target_to_json(target), sort_keys=True)


def context_key(example: Example) -> tuple[str, ...]:
    """Returns what stands around the compared text: "Yes, please." after two questions is not one record."""
    instruction = example.instruction if example.text.strip() else None
    turns = [normalise(turn.content) for turn in example.history]
    return (normalise(instruction or ""), *turns)
