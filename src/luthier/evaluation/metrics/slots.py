"""Closed decisions as arrays: one slot for each example and label field.

A classification has one slot an example; an aspects task one for each aspect, unmentioned included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from luthier.evaluation.pairs import Pair, answer_of
from luthier.evaluation.scores import Confusion
from luthier.evaluation.statistic import Floats
from luthier.tasks.answer import Field
from luthier.tasks.base import Task

UNREAD = -1
"""Code of a slot without a predicted value: wrong, and no label."""


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """The decisions of `n` examples over `f` fields that share their labels.

    Attributes:
        fields: Names of the fields, length f.
        labels: The label space in its order, length l; the placeholder of an unmentioned field is the last.
        gold: Index of the true label, shape (n, f).
        predicted: Index of the predicted label or `UNREAD`, shape (n, f).
        probabilities: Of each label, shape (n, f, l), summing to 1; uniform where a prediction has none; None
            where no prediction has any.
        confidence: Of the predicted value, shape (n, f); NaN where unknown.
    """

    fields: tuple[str, ...]
    labels: tuple[str, ...]
    gold: NDArray[np.int64]
    predicted: NDArray[np.int64]
    probabilities: Floats | None
    confidence: Floats

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each slot is right, shape (n, f)."""
        correct: NDArray[np.bool_] = self.gold == self.predicted
        return correct

    def only(self, index: int) -> Slots:
        """Returns the slots of one field."""
        chosen = slice(index, index + 1)
        return replace(
            self,
            fields=self.fields[chosen],
            gold=self.gold[:, chosen],
            predicted=self.predicted[:, chosen],
            probabilities=None if self.probabilities is None else self.probabilities[:, chosen],
            confidence=self.confidence[:, chosen],
        )

    def confusion(self) -> Confusion:
        """Counts all slots: rows gold, columns predicted."""
        size = len(self.labels)
        # UNREAD is -1, so that one more column in front takes it.
        cells = self.gold.ravel() * (size + 1) + self.predicted.ravel() + 1
        counts = np.bincount(cells, minlength=size * (size + 1)).reshape(size, size + 1).tolist()
        matrix = tuple(tuple(row[1:]) for row in counts)
        return Confusion(self.labels, matrix, tuple(row[0] for row in counts))


def slots_of(task: Task, pairs: Sequence[Pair]) -> Slots:
    """Lays the labels of a classification or aspects task out as arrays."""
    fields = task.schema().fields
    labels = label_space(fields[0])
    index = {label: code for code, label in enumerate(labels)}
    gold = np.empty((len(pairs), len(fields)), dtype=np.int64)
    predicted = np.full_like(gold, UNREAD)
    for row, pair in enumerate(pairs):
        gold[row] = _codes(answer_of(task, pair.example, pair.example.target), fields, index)
        if pair.prediction is not None:
            answer = answer_of(task, pair.example, pair.prediction.value)
            predicted[row] = _codes(answer, fields, index)
    probabilities, known = _probabilities(pairs, fields, labels)
    confidence = _confidence(pairs, predicted, probabilities, known)
    return Slots(
        fields=tuple(field.name for field in fields),
        labels=labels,
        gold=gold,
        predicted=predicted,
        probabilities=probabilities if known.any() else None,
        confidence=confidence,
    )


def label_space(field: Field) -> tuple[str, ...]:
    """Returns a field's labels, the placeholder for "no value" last."""
    return (*field.labels, *([field.unmentioned] if field.unmentioned is not None else []))


def _codes(
    answer: Mapping[str, tuple[str, ...]], fields: Sequence[Field], index: Mapping[str, int]
) -> list[int]:
    codes = []
    for field in fields:
        values = answer.get(field.name, ())
        # What cannot be read is unmentioned where a field may be that (Guo et al. 2024), else no label at
        # all.
        default = UNREAD if field.unmentioned is None else index[field.unmentioned]
        codes.append(index.get(values[0], default) if values else default)
    return codes


def _probabilities(
    pairs: Sequence[Pair], fields: Sequence[Field], labels: tuple[str, ...]
) -> tuple[Floats, NDArray[np.bool_]]:
    table = np.full((len(pairs), len(fields), len(labels)), 1 / len(labels))
    known = np.zeros((len(pairs), len(fields)), dtype=np.bool_)
    for row, pair in enumerate(pairs):
        found = pair.prediction.probabilities if pair.prediction is not None else {}
        for column, field in enumerate(fields):
            scores = found.get(field.name)
            if scores:
                values = np.array([scores.get(label, 0.0) for label in labels])
                total = values.sum()
                if total > 0:
                    # Dividing by a sum that is 1 but for rounding would tell equal probabilities apart, and
                    # the area under the curve counts ties.
                    table[row, column] = values if np.isclose(total, 1) else values / total
                    known[row, column] = True
    return table, known


def _confidence(
    pairs: Sequence[Pair], predicted: NDArray[np.int64], probabilities: Floats, known: NDArray[np.bool_]
) -> Floats:
    chosen = np.take_along_axis(probabilities, np.maximum(predicted, 0)[..., None], axis=2)[..., 0]
    scored = known & (predicted != UNREAD)
    if predicted.shape[1] > 1:
        # The confidence of an example with several fields is that of its weakest: it says nothing of each.
        return np.where(scored, chosen, np.nan)
    return np.where(scored, chosen, _stated(pairs)[:, None])


def _stated(pairs: Sequence[Pair]) -> Floats:
    found = [None if pair.prediction is None else pair.prediction.confidence for pair in pairs]
    return np.array([np.nan if value is None else value for value in found], dtype=np.float64)
