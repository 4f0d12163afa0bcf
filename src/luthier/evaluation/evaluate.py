"""`evaluate`: examples and predictions in, scores out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from luthier.evaluation.intervals import score_all
from luthier.evaluation.metrics import aspects, classification, multi_label, spans, text
from luthier.evaluation.metrics.format_errors import count_format_errors, format_error_rate
from luthier.evaluation.options import EvaluationOptions
from luthier.evaluation.pairs import Measured, Pair, join
from luthier.evaluation.scores import Scores
from luthier.inference.prediction import Prediction
from luthier.tasks.aspects import Aspects
from luthier.tasks.base import Task
from luthier.tasks.classification import Classification
from luthier.tasks.example import Example


def evaluate(
    task: Task,
    examples: Iterable[Example],
    predictions: Iterable[Prediction],
    options: EvaluationOptions | None = None,
    seed: int = 0,
) -> Scores:
    """Scores predictions against labelled examples.

    Args:
        task: With the label space of these examples.
        examples: Labelled; each without a prediction counts as wrong and is named in `Scores.missing`.
        predictions: At most one an example, joined by id.
        options: Resamples and confidence of the intervals.
        seed: Of the resamples; the same for every system that is compared.

    Raises:
        luthier.errors.DataError: Where an example has no target, or a prediction no example.
    """
    options = options or EvaluationOptions()
    pairs = join(examples, predictions)
    measured = measure(task, pairs)
    n = len(pairs)
    return Scores(
        n=n,
        metrics=score_all(measured.statistics, n, options, seed),
        by_field={
            name: score_all(statistics, n, options, seed) for name, statistics in measured.by_field.items()
        },
        support=measured.support,
        confusion=measured.confusion,
        format_errors=count_format_errors(pairs),
        missing=tuple(pair.example.id for pair in pairs if pair.prediction is None),
    )


def measure(task: Task, pairs: Sequence[Pair]) -> Measured:
    """Chooses the metrics by what the task's answer is made of and orders them as the task shows them."""
    measured = _of_kind(task, pairs)
    rate = format_error_rate(pairs)
    if rate is not None:
        measured.statistics["format_error_rate"] = rate
    wanted = [name for name in task.metrics if name in measured.statistics]
    return Measured(
        {name: measured.statistics[name] for name in (*wanted, *measured.statistics)},
        measured.by_field,
        measured.support,
        measured.confusion,
    )


def _of_kind(task: Task, pairs: Sequence[Pair]) -> Measured:
    schema = task.schema()
    match schema.fields[0].kind:
        case "strings":
            return spans.measure(task, pairs)
        case "text":
            return text.measure(task, pairs)
        case "labels":
            return multi_label.measure(task, pairs)
        case "label":
            matrix = task.kappa_matrix if isinstance(task, Aspects | Classification) else None
            weights = None if matrix is None else np.array(matrix)
            if schema.single is None:
                return aspects.measure(task, pairs, weights)
            return classification.measure(task, pairs, weights)
