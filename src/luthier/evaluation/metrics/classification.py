"""Accuracy, F1 and Matthews' correlation over slots, as scikit-learn defines them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from luthier.evaluation.metrics.kappa import kappa
from luthier.evaluation.metrics.probability import auc, calibration_error, log_loss
from luthier.evaluation.metrics.slots import Slots, slots_of
from luthier.evaluation.pairs import Measured, Pair
from luthier.evaluation.statistic import Additive, Floats, Statistic
from luthier.tasks.base import Task


def measure(task: Task, pairs: Sequence[Pair], weights: Floats | None) -> Measured:
    """Measures a classification with one label an example; `by_field` holds precision, recall and F1 a label.

    Args:
        task: With one label field.
        pairs: Examples and predictions.
        weights: See `label_statistics`.
    """
    slots = slots_of(task, pairs)
    counts = label_counts(slots)
    golds = counts[:, len(slots.labels) : 2 * len(slots.labels)].sum(axis=0)
    return Measured(
        statistics=label_statistics(slots, weights),
        by_field={label: _of_label(counts, code) for code, label in enumerate(slots.labels)},
        support={label: int(golds[code]) for code, label in enumerate(slots.labels)},
        confusion={"": slots.confusion()},
    )


def label_statistics(slots: Slots, weights: Floats | None = None) -> dict[str, Statistic]:
    """Returns every metric of closed decisions.

    Args:
        slots: Pooled over the fields where there are several.
        weights: Agreement weights of kappa, gold by predicted label, shape (l, l); None where the task
            declares none, and kappa is not reported.
    """
    counts = label_counts(slots)
    size = len(slots.labels)
    right = slots.correct.sum(axis=1)
    statistics: dict[str, Statistic] = {
        "accuracy": Additive(
            np.stack([right, np.full_like(right, slots.gold.shape[1])], axis=1).astype(np.float64),
            lambda sums: sums[0] / sums[1],
        ),
        "f1_macro": Additive(counts, partial(_macro_f1, size)),
        "f1_weighted": Additive(counts, partial(_weighted_f1, size)),
        "mcc": Additive(counts, partial(_matthews, size)),
    }
    if weights is not None:
        statistics["kappa"] = kappa(slots, weights)
    if slots.probabilities is not None:
        statistics["auc"] = auc(slots)
        statistics["log_loss"] = log_loss(slots)
    if not np.isnan(slots.confidence).all():
        statistics["ece"] = calibration_error(slots.confidence, slots.correct)
    return statistics


def label_counts(slots: Slots) -> Floats:
    """Counts, for each example and label, the slots that are right, gold and predicted: shape (n, 3 * l)."""
    codes = np.arange(len(slots.labels))
    gold = slots.gold[:, :, None] == codes
    predicted = slots.predicted[:, :, None] == codes
    return np.concatenate([(gold & predicted).sum(1), gold.sum(1), predicted.sum(1)], axis=1).astype(
        np.float64
    )


def macro_f1(right: Floats, gold: Floats, predicted: Floats) -> Floats:
    """Averages F1 over the labels that occur in gold or predictions; NaN where none does.

    Args:
        right: Slots that are predicted right, by label, shape (l, resamples).
        gold: Slots that have the label, same shape.
        predicted: Slots that are given the label, same shape.
    """
    present = gold + predicted > 0
    scores = np.where(present, 2 * right / np.where(present, gold + predicted, 1), 0)
    result: Floats = scores.sum(axis=0) / present.sum(axis=0)
    return result


def weighted_f1(right: Floats, gold: Floats, predicted: Floats) -> Floats:
    """Averages F1 over the labels by how often the gold has them."""
    present = gold + predicted > 0
    scores = np.where(present, 2 * right / np.where(present, gold + predicted, 1), 0)
    result: Floats = (scores * gold).sum(axis=0) / gold.sum(axis=0)
    return result


def _macro_f1(size: int, sums: Floats) -> Floats:
    return macro_f1(sums[:size], sums[size : 2 * size], sums[2 * size :])


def _weighted_f1(size: int, sums: Floats) -> Floats:
    return weighted_f1(sums[:size], sums[size : 2 * size], sums[2 * size :])


def _matthews(size: int, sums: Floats) -> Floats:
    """Multi-class Matthews correlation (Gorodkin 2004); 0 where gold or predictions are all one label."""
    right, gold, predicted = sums[:size].sum(0), sums[size : 2 * size], sums[2 * size :]
    total = gold.sum(axis=0)
    # Unread slots are a predicted class of their own, which is never right.
    predicted = np.concatenate([predicted, (total - predicted.sum(axis=0))[None]])
    covariance = right * total - (gold * predicted[:size]).sum(axis=0)
    spread = (total**2 - (gold**2).sum(axis=0)) * (total**2 - (predicted**2).sum(axis=0))
    return np.where(spread > 0, covariance / np.sqrt(np.where(spread > 0, spread, 1)), 0.0)


def _of_label(counts: Floats, code: int) -> dict[str, Statistic]:
    size = counts.shape[1] // 3
    return precision_recall_f1(counts[:, [code, size + code, 2 * size + code]])


def precision_recall_f1(counts: Floats) -> dict[str, Statistic]:
    """Returns micro precision, recall and F1.

    Precision is undefined where nothing is predicted, recall where nothing is gold, F1 where neither is.

    Args:
        counts: Right, gold and predicted items of each example, shape (n, 3).
    """
    return {
        "precision": Additive(counts, lambda sums: sums[0] / sums[2]),
        "recall": Additive(counts, lambda sums: sums[0] / sums[1]),
        "f1": Additive(counts, lambda sums: 2 * sums[0] / (sums[1] + sums[2])),
    }
