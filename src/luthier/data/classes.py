"""How often each class occurs, field by field, and which are too rare to be learnt or measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from luthier.tasks import Example, Task

FEW = 5
"""A label with fewer examples is told: at 10% for validation, none of them may come to be measured."""

SKEWED = 10.0
"""From this ratio of the most frequent to the least frequent label a field is told."""

ClassCounts = Mapping[str, Mapping[str, int]]
"""Field ("" for the one unnamed field) to class to number of examples, in the order of the label space."""


def class_reader(task: Task) -> Callable[[Example], list[tuple[str, str]]]:
    """Returns what reads the classes of a labelled example, as (field, label).

    A single label is one class, an aspect one class an aspect: its word for unmentioned where nothing is
    said. Several labels, and the types of entities, are a class each of one unnamed field; where there is
    none, the class is the word for that. A free text has no class.
    """
    fields = task.schema().fields
    kind, name, nothing = fields[0].kind, fields[0].name, fields[0].unmentioned or ""

    def read(example: Example) -> list[tuple[str, str]]:
        if kind == "text":
            return []
        answer = task.answer(example)
        if kind == "label":
            return [(field.name, next(iter(answer.get(field.name, ())), nothing)) for field in fields]
        found = answer.get(name, ()) if kind == "labels" else [type for type in answer if answer[type]]
        return [("", label) for label in found] or [("", nothing)]

    return read


def count_classes(task: Task, examples: Iterable[Example]) -> dict[str, dict[str, int]]:
    """Counts the examples of each class; a label without one is counted with 0. Empty for free text."""
    counts: Counter[tuple[str, str]] = Counter()
    read = class_reader(task)
    for example in examples:
        counts.update(read(example))
    fields = task.schema().fields
    if fields[0].kind == "text":
        return {}
    spaces = {field.name: [*field.labels, field.unmentioned] for field in fields}
    if fields[0].kind == "strings":
        spaces = {"": [*(field.name for field in fields), fields[0].unmentioned]}
    return {
        name: {label: counts[name, label] for label in labels if label is not None}
        for name, labels in spaces.items()
    }


@dataclass(frozen=True, slots=True)
class Imbalance:
    """Something about the class counts that a person should know before training.

    Attributes:
        kind: `absent` (no example), `few` (fewer than `FEW`), or `skewed` (a ratio of `SKEWED` or more).
        field: The aspect; "" for a task with one unnamed field.
        label: The label that is absent or rare, the least frequent of a skewed field.
        count: Its examples.
        ratio: Of the most frequent label to this one; None where there is no example.
    """

    kind: Literal["absent", "few", "skewed"]
    field: str
    label: str
    count: int
    ratio: float | None


def find_imbalances(counts: ClassCounts, unmentioned: str | None) -> list[Imbalance]:
    """Returns what is told about the class counts of a training set, field by field.

    Args:
        counts: Of `count_classes`.
        unmentioned: The word for nothing said, which is left aside: most texts say nothing of most aspects.
    """
    found = []
    for field, by_label in counts.items():
        said = {label: count for label, count in by_label.items() if label != unmentioned}
        most = max(said.values(), default=0)
        rarest = min((label for label in said if said[label]), key=said.__getitem__, default=None)
        for label, count in said.items():
            ratio = most / count if count else None
            if count < FEW:
                found.append(Imbalance("few" if count else "absent", field, label, count, ratio))
            elif label == rarest and most / count >= SKEWED:
                found.append(Imbalance("skewed", field, label, count, ratio))
    return found
