"""Metrics of a classification with any number of labels an example."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from luthier.evaluation.metrics.classification import macro_f1, precision_recall_f1, weighted_f1
from luthier.evaluation.metrics.probability import area_under_curve, calibration_error
from luthier.evaluation.pairs import Measured, Pair, answer_of
from luthier.evaluation.statistic import Additive, Floats, Statistic, mean_of
from luthier.tasks.answer import Answer
from luthier.tasks.base import Task


def measure(task: Task, pairs: Sequence[Pair]) -> Measured:
    """Measures label sets. Accuracy asks for the whole set; F1 is over (example, label) decisions."""
    field = task.schema().fields[0]
    gold = np.zeros((len(pairs), len(field.labels)), dtype=np.bool_)
    predicted = np.zeros_like(gold)
    scores = np.zeros(gold.shape)
    confidence = np.full((len(pairs), 1), np.nan)
    for row, pair in enumerate(pairs):
        gold[row] = _indicator(answer_of(task, pair.example, pair.example.target), field.name, field.labels)
        if pair.prediction is None:
            continue
        answer = answer_of(task, pair.example, pair.prediction.value)
        predicted[row] = _indicator(answer, field.name, field.labels)
        found = pair.prediction.probabilities.get(field.name, {})
        scores[row] = [found.get(label, 0.0) for label in field.labels]
        if pair.prediction.confidence is not None:
            confidence[row] = pair.prediction.confidence
    present = np.array([pair.prediction is not None for pair in pairs])
    right = (gold == predicted).all(axis=1) & present
    size = len(field.labels)
    counts = np.concatenate([gold & predicted, gold, predicted], axis=1).astype(np.float64)
    statistics: dict[str, Statistic] = {
        "accuracy": mean_of(right.astype(np.float64)),
        "f1_macro": Additive(counts, lambda s: macro_f1(s[:size], s[size : 2 * size], s[2 * size :])),
        "f1_weighted": Additive(counts, lambda s: weighted_f1(s[:size], s[size : 2 * size], s[2 * size :])),
    }
    if scores.any():
        statistics["auc"] = area_under_curve(gold[:, None], scores[:, None])
        statistics["log_loss"] = mean_of(_binary_log_loss(gold, scores))
    if not np.isnan(confidence).all():
        statistics["ece"] = calibration_error(confidence, right[:, None])
    return Measured(
        statistics=statistics,
        by_field={
            label: precision_recall_f1(counts[:, [code, size + code, 2 * size + code]])
            for code, label in enumerate(field.labels)
        },
        support={label: int(gold[:, code].sum()) for code, label in enumerate(field.labels)},
    )


def _binary_log_loss(gold: NDArray[np.bool_], scores: Floats) -> Floats:
    """Returns -ln p of each label's true decision, averaged over the labels."""
    tiny = np.finfo(np.float64).eps
    loss: Floats = -np.log(np.clip(np.where(gold, scores, 1 - scores), tiny, 1)).mean(axis=1)
    return loss


def _indicator(answer: Answer, name: str, labels: tuple[str, ...]) -> list[bool]:
    values = answer.get(name, ())
    return [label in values for label in labels]
