"""What each request asks for: which labels, which examples it shows, which attributes it draws."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from luthier.generation.options import GenerateOptions
from luthier.generation.words import words
from luthier.tasks import Example, Task

_FAILED = 0.25
"""What a request counts whose reply is not kept, against 1."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One request, before it is put into words.

    Attributes:
        number: From 0.
        asked: A given example whose target the new one shall have, where the task's targets can be asked for.
        shown: Given examples that share the label which is short.
        attributes: Attribute to the value drawn.
    """

    number: int
    asked: Example
    shown: tuple[Example, ...]
    attributes: Mapping[str, str]


class Planner:
    """Plans requests so that every label gets as many new examples as any other.

    What is counted are the labels that a split keeps in proportion (`Task.strata`). Each request is for the
    label with the fewest so far, requests under way included, and draws from (seed, number) alone. A request
    whose reply is not kept counts for a quarter, so that a label which always fails does not stop the others.

    Args:
        examples: The given ones, labelled, at least one.
        task: Theirs.
        options: How many are shown, which attributes.
        seed: Decides every draw.
    """

    def __init__(self, examples: Sequence[Example], task: Task, options: GenerateOptions, seed: int) -> None:
        self._examples = examples
        self._strata = [task.strata(example) or ("",) for example in examples]
        self._members: dict[str, list[int]] = defaultdict(list)
        for position, labels in enumerate(self._strata):
            for label in dict.fromkeys(labels):
                self._members[label].append(position)
        chosen = words(task.language)["attributes"] if options.attributes == "default" else options.attributes
        self._attributes: Mapping[str, Sequence[str]] = chosen
        self._shown = options.shown
        self._seed = seed
        self._counts: dict[str, float] = dict.fromkeys(self._members, 0.0)

    def plan(self, number: int) -> Plan:
        """Plans a request and counts it as one that will be kept; see `give_up`."""
        draw = Random(f"{self._seed}:{number}")
        fewest = min(self._counts[label] for label in self._members)
        short = draw.choice([label for label in self._members if self._counts[label] == fewest])
        members = self._members[short]
        asked = draw.choice(members)
        self._count(self._strata[asked], 1)
        shown = draw.sample(members, min(self._shown, len(members)))
        return Plan(
            number,
            self._examples[asked],
            tuple(self._examples[position] for position in shown),
            {name: draw.choice(values) for name, values in self._attributes.items()},
        )

    def give_up(self, plan: Plan, task: Task) -> None:
        """Takes a request back whose reply is not kept."""
        self._count(task.strata(plan.asked) or ("",), _FAILED - 1)

    def _count(self, labels: Iterable[str], by: float) -> None:
        for label in set(labels):
            self._counts[label] += by
