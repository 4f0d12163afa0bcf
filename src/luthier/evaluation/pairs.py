"""Examples joined with what was predicted for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from luthier.errors import DataError, Problem
from luthier.evaluation.scores import Confusion
from luthier.evaluation.statistic import Statistic
from luthier.inference.prediction import Prediction
from luthier.tasks.answer import Answer
from luthier.tasks.base import Task
from luthier.tasks.example import Example, Target


@dataclass(frozen=True, slots=True)
class Pair:
    """A labelled example and its prediction; None where there is none, which counts as wrong."""

    example: Example
    prediction: Prediction | None


@dataclass(frozen=True, slots=True)
class Measured:
    """What a task type's metrics make of some pairs: statistics, not yet numbers.

    Attributes:
        statistics: Metric name to statistic over the pairs.
        by_field: Aspect, type or label to its own statistics.
        support: Aspect, type or label to its count in the gold.
        confusion: See `Scores.confusion`.
    """

    statistics: dict[str, Statistic]
    by_field: dict[str, dict[str, Statistic]] = field(default_factory=dict)
    support: dict[str, int] = field(default_factory=dict)
    confusion: dict[str, Confusion] = field(default_factory=dict)


def join(examples: Iterable[Example], predictions: Iterable[Prediction]) -> list[Pair]:
    """Joins predictions to examples by id, in the order of the examples.

    Raises:
        DataError: Where an example has no target, or a prediction is of an unknown example or one of two for
            it.
    """
    problems: list[Problem] = []
    by_id: dict[str, Prediction] = {}
    for prediction in predictions:
        if prediction.id in by_id:
            problems.append(Problem(f"two predictions have the id {prediction.id!r}"))
        by_id[prediction.id] = prediction
    pairs = [Pair(example, by_id.pop(example.id, None)) for example in examples]
    problems += [Problem(f"a prediction has the id {id!r}, which no example has") for id in by_id]
    problems += [
        Problem(f"the example {pair.example.id!r} has no target to score against")
        for pair in pairs
        if pair.example.target is None
    ]
    if problems:
        raise DataError(
            "These predictions cannot be scored:", problems, "Join them by the ids of the gold file."
        )
    return pairs


def answer_of(task: Task, example: Example, target: Target | None) -> Answer:
    """Returns what a target says of each field; nothing where it is empty, as after an unreadable text."""
    return task.answer(replace(example, target=target)) if target else {}
