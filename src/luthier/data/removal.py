"""What train gives up: records that repeat another one, and records that stand in a held-out set."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from luthier.data.comparison import Comparison, Place
from luthier.data.duplicates import content
from luthier.data.journal import Journal, ToRecord
from luthier.data.options import DuplicateMode, LeakMode
from luthier.errors import DataError, Problem
from luthier.tasks import Generation, Task, target_to_json
from luthier.text import shorten


@dataclass(frozen=True, slots=True)
class Removal:
    """A record of train that another one makes superfluous, or that would flatter a score.

    Attributes:
        position: Its position.
        stage: `duplicates`, or `leak` where the other one is held out.
        other: Position of the record that it repeats.
        similarity: Jaccard index of character 5-grams, 0.8 to 1; 1 for equal texts.
    """

    position: int
    stage: Literal["duplicates", "leak"]
    other: int
    similarity: float

    @property
    def reason(self) -> str:
        """`equal` or `near`."""
        return "equal" if self.similarity == 1 else "near"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One text with different targets: a person has to look at it.

    Attributes:
        text: The beginning of the text.
        records: Of each record with this text: split, id, origin, target.
    """

    text: str
    records: tuple[Mapping[str, Any], ...]


def remove_repeated(
    compared: Comparison, to_record: ToRecord, mode: DuplicateMode, dropped: Journal
) -> tuple[Comparison, dict[str, int]]:
    """Takes repeated records out of train as far as the recipe wants it.

    Args:
        compared: All records.
        to_record: Writes an example into the journal.
        mode: Which of them go.
        dropped: Takes a row for each that goes.

    Returns:
        What is left, and how many went and how many stay, equal and nearly equal ones apart.
    """
    found = find_repeated(compared)
    gone = [item for item in found if mode == "near" or item.reason == mode]
    _note(gone, compared, to_record, dropped)
    positions = {item.position for item in gone}
    fate = ("kept", "left out")
    counts = Counter(f"{item.reason}, {fate[item.position in positions]}" for item in found)
    return compared.without(positions), dict(counts)


def remove_leaked(
    compared: Comparison, to_record: ToRecord, mode: LeakMode, dropped: Journal
) -> tuple[Comparison, dict[str, int]]:
    """Takes records out of train that stand in a held-out set, unless the recipe only wants to be told.

    Args:
        compared: All records.
        to_record: Writes an example into the journal.
        mode: Whether any go.
        dropped: Takes a row for each that goes.

    Returns:
        What is left, and how many went.

    Raises:
        DataError: Where nothing of train is left.
    """
    if mode == "report":
        return compared, {}
    found = find_leaked(compared)
    if len(found) == compared.train:
        problem = Problem(f"all of its {len(found)} records stand in a held-out set", field="data.train")
        hint = "name other files, or set `leaks: report` in the recipe's `data` to train on them nevertheless"
        raise DataError("Nothing of train is left to learn from:", [problem], hint)
    _note(found, compared, to_record, dropped)
    counts = {"train, left out": len(found)} if found else {}
    return compared.without({item.position for item in found}), counts


def find_repeated(compared: Comparison) -> list[Removal]:
    """Returns the records of train that repeat an earlier one, text, context and target alike.

    A nearly equal text is held against records that stay, so that of a chain of texts, each a little
    different from the one before, not all but one are lost.
    """
    removals: list[Removal] = []
    nodes: dict[int, int] = {}
    first: dict[tuple[int, int, int], int] = {}
    for node, copies in enumerate(compared.duplicates.copies):
        for position in copies:
            if position >= compared.train:
                break
            key = (node, compared.targets[position], compared.contexts[position])
            if key in first:
                removals.append(Removal(position, "duplicates", first[key], 1.0))
            else:
                first[key] = position
                nodes[position] = node
    near = compared.neighbours()
    for position in sorted(position for position, node in nodes.items() if node in near):
        alike = (compared.targets[position], compared.contexts[position])
        for similarity, other in near[nodes[position]]:
            earlier = first.get((other, *alike))
            if earlier is not None and earlier < position:
                removals.append(Removal(position, "duplicates", earlier, similarity))
                del first[nodes[position], *alike]
                break
    return sorted(removals, key=lambda removal: removal.position)


def find_leaked(compared: Comparison) -> list[Removal]:
    """Returns the records of train whose text stands, equal or nearly so, in a held-out set."""
    held_out: dict[int, list[int]] = defaultdict(list)
    inside: dict[int, list[int]] = {}
    for node, copies in enumerate(compared.duplicates.copies):
        if copies[-1] >= compared.train:
            held_out[node] = [position for position in copies if position >= compared.train]
        if copies[0] < compared.train:
            inside[node] = [position for position in copies if position < compared.train]
    near = compared.neighbours()
    removals: list[Removal] = []
    for node, positions in inside.items():
        alike = [(1.0, node), *near.get(node, ())]
        others = [(similarity, other) for similarity, at in alike for other in held_out.get(at, ())]
        for position in positions if others else ():
            context = compared.contexts[position]
            twin = next((item for item in others if compared.contexts[item[1]] == context), None)
            if twin is not None:
                removals.append(Removal(position, "leak", twin[1], twin[0]))
    return sorted(removals, key=lambda removal: removal.position)


def find_conflicts(compared: Comparison, task: Task) -> list[Conflict]:
    """Returns equal texts in equal context that train and a validation file give different targets.

    Free outputs do not contradict each other: a question may have several answers.
    """
    found: list[list[int]] = []
    for copies in compared.duplicates.copies:
        if len(copies) == 1 or isinstance(task, Generation):
            continue
        by_context: dict[int, list[int]] = defaultdict(list)
        for position in copies:
            if compared.places[position][0] in ("train", "validation"):
                by_context[compared.contexts[position]].append(position)
        found += [
            positions
            for positions in by_context.values()
            if len({compared.targets[position] for position in positions}) > 1
        ]
    return [_conflict(compared, positions) for positions in found]


def _conflict(compared: Comparison, positions: Sequence[int]) -> Conflict:
    records = []
    text = ""
    for role, index in (compared.places[position] for position in positions):
        example = compared.sets[role][index]
        text = text or shorten(content(example), 200)
        target = target_to_json(example.target)
        records.append({"split": role, "id": example.id, "origin": example.origin, "target": target})
    return Conflict(text, tuple(records))


def _note(removals: Sequence[Removal], compared: Comparison, to_record: ToRecord, dropped: Journal) -> None:
    """Writes which record each removed one repeats, and the record itself."""
    for removal in removals:
        example = compared.sets["train"][removal.position]
        dropped.add(
            {
                "split": "train",
                "id": example.id,
                "origin": example.origin,
                "stage": removal.stage,
                "reason": removal.reason,
                "of": _named(compared, compared.places[removal.other]),
                "similarity": round(removal.similarity, 4),
                "record": to_record(example),
            }
        )


def _named(compared: Comparison, place: Place) -> dict[str, str]:
    role, index = place
    example = compared.sets[role][index]
    return {"split": role, "id": example.id, "origin": example.origin}
