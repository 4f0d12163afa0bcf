"""The recipe's `data.balance`: what the training samples do about rare classes.

It is done to what a model is trained on and to nothing else: after validation and folds are split off, so
that no copy of a record is ever scored. Baselines and class counts see the records as they are.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from luthier.data.classes import class_reader, count_classes
from luthier.data.examples import Examples
from luthier.tasks import Example, Task


@dataclass(frozen=True, slots=True)
class BalanceReport:
    """What balancing did to a training set.

    Attributes:
        type: `none`, `weights`, `oversample` or `undersample`.
        before: Field to class to number of examples.
        after: The same of what is trained on.
        factors: Field to class to the factor of its weight; empty unless `weights`.
        left_out: Ids of the records that undersampling leaves out.
    """

    type: str
    before: Mapping[str, Mapping[str, int]]
    after: Mapping[str, Mapping[str, int]]
    factors: Mapping[str, Mapping[str, float]]
    left_out: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        """Returns the report as a JSON value."""
        return asdict(self)


class Balance(BaseModel, ABC):
    """What is done about rare classes; the contract suite is `tests/data/test_balance.py`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str

    @abstractmethod
    def apply(
        self, task: Task, examples: Sequence[Example], seed: int
    ) -> tuple[Sequence[Example], BalanceReport]:
        """Returns the examples to train on, and what was done.

        Args:
            task: Whose classes are balanced.
            examples: A training set, labelled; it stays as it is.
            seed: Decides which records are copied or left out.
        """

    def refuses(self, task: Task) -> str:
        """Returns why the task cannot be balanced so; empty where it can."""
        del task
        return ""


class NoBalance(Balance):
    """Every record once, with the weight that it has."""

    type: Literal["none"] = "none"

    def apply(
        self, task: Task, examples: Sequence[Example], seed: int
    ) -> tuple[Sequence[Example], BalanceReport]:
        """As `Balance.apply`."""
        del task, seed
        return examples, BalanceReport(self.type, {}, {}, {}, ())


class _Balanced(Balance):
    power: float = Field(default=1.0, gt=0, le=1)
    """How far towards equal classes: 1 makes them equal, 0.5 takes the square root of what that asks for."""

    def refuses(self, task: Task) -> str:
        """As `Balance.refuses`: a free text has no classes."""
        free = task.schema().fields[0].kind == "text"
        return f"a task of type {task.type!r} has no classes" if free else ""


class Weights(_Balanced):
    """Rare classes weigh more in the loss: (n / (k n_c)) to the `power`: n_c of one class, n of all k.

    This is the "balanced" weighting of scikit-learn (King and Zeng 2001), scaled to a mean of 1 so that the
    learning rate keeps its meaning. Where an example has several classes (aspects, several labels, types of
    entities), its weight is the mean of theirs. A record's own `weight` is multiplied by it.
    """

    type: Literal["weights"] = "weights"

    def apply(
        self, task: Task, examples: Sequence[Example], seed: int
    ) -> tuple[Sequence[Example], BalanceReport]:
        """As `Balance.apply`."""
        del seed
        counts = count_classes(task, examples)
        raw: dict[str, dict[str, float]] = {}
        for field, by_label in counts.items():
            seen = {label: count for label, count in by_label.items() if count}
            share = sum(seen.values()) / max(len(seen), 1)
            raw[field] = {label: (share / count) ** self.power for label, count in seen.items()}
        read = class_reader(task)
        found = [_mean([raw[field][label] for field, label in read(example)]) for example in examples]
        scale = _mean(found)
        weighted = (
            replace(example, weight=example.weight * factor / scale)
            for example, factor in zip(examples, found, strict=True)
        )
        factors = {
            field: {label: factor / scale for label, factor in by_label.items()}
            for field, by_label in raw.items()
        }
        return Examples.write(weighted), BalanceReport(self.type, counts, counts, factors, ())


class _Resampled(_Balanced):
    def refuses(self, task: Task) -> str:
        """As `Balance.refuses`: only single labels can be made equally frequent by counting records."""
        fields = task.schema().fields
        if len(fields) == 1 and fields[0].kind == "label":
            return ""
        several = "a record has several classes, and counts for each of them"
        return super().refuses(task) or several

    def _resample(
        self, task: Task, examples: Sequence[Example], seed: int, goals: Mapping[str, int]
    ) -> tuple[Sequence[Example], BalanceReport]:
        """Takes so many records of each label, each as often as any other of the label, or once more."""
        places: dict[str, list[int]] = defaultdict(list)
        read = class_reader(task)
        for index, example in enumerate(examples):
            places[read(example)[0][1]].append(index)
        taken: list[int] = []
        for label, inside in places.items():
            order = random.Random(f"{seed}, {label}").sample(inside, len(inside))
            taken += [order[number % len(order)] for number in range(goals[label])]
        taken.sort()
        times = Counter(taken)
        left_out = [example.id for index, example in enumerate(examples) if index not in times]
        chosen = examples.select(taken) if isinstance(examples, Examples) else [examples[i] for i in taken]
        before = count_classes(task, examples)
        return chosen, BalanceReport(self.type, before, count_classes(task, chosen), {}, left_out)


class Oversample(_Resampled):
    """Records of rarer labels are repeated, every one as often as another or once more.

    A label with n_c records, the most frequent one having m, gets m to the `power` times n_c to 1 - `power`.
    Single labels only: repeating a record for a rare aspect repeats its frequent ones too.
    """

    type: Literal["oversample"] = "oversample"

    def apply(
        self, task: Task, examples: Sequence[Example], seed: int
    ) -> tuple[Sequence[Example], BalanceReport]:
        """As `Balance.apply`."""
        goals = _goals(count_classes(task, examples)[""], max, self.power)
        return self._resample(task, examples, seed, goals)


class Undersample(_Resampled):
    """Records of frequent labels are left out by chance; the ids are reported.

    A label with n_c records, the least frequent one having m, keeps m to the `power` times n_c to
    1 - `power`. Single labels only.
    """

    type: Literal["undersample"] = "undersample"

    def apply(
        self, task: Task, examples: Sequence[Example], seed: int
    ) -> tuple[Sequence[Example], BalanceReport]:
        """As `Balance.apply`."""
        goals = _goals(count_classes(task, examples)[""], min, self.power)
        return self._resample(task, examples, seed, goals)


def _goals(
    counts: Mapping[str, int], extreme: Callable[[Iterable[int]], int], power: float
) -> dict[str, int]:
    seen = {label: count for label, count in counts.items() if count}
    goal = extreme(seen.values()) if seen else 0
    return {label: round(goal**power * count ** (1 - power)) for label, count in seen.items()}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 1.0


def _from_name(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


_Name = Literal["none", "weights", "oversample", "undersample"]
_Kinds = Annotated[NoBalance | Weights | Oversample | Undersample, Field(discriminator="type")]
AnyBalance = Annotated[_Kinds, BeforeValidator(_from_name, json_schema_input_type=_Name | _Kinds)]
"""What `data.balance` may be: a mapping with a `type`, or the type alone."""
