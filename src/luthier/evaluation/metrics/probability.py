"""Metrics of probabilities: area under the ROC curve, log loss, calibration error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luthier.evaluation.metrics.slots import Slots
from luthier.evaluation.statistic import Additive, Floats, mean_of

BINS = 15
"""Bins of the calibration error, of equal width (Guo et al. 2017, arXiv 1706.04599)."""

_CHUNK = 4_000_000
"""Numbers held at once by the area under the curve."""


@dataclass(frozen=True, slots=True, eq=False)
class _Ranking:
    """One label against the rest: which example each positive and negative slot is of, and who outranks whom.

    Attributes:
        positives: Example of each positive slot.
        negatives: Example of each negative slot, by rising score.
        below: For each positive, how many negatives score lower.
        upto: For each positive, how many negatives score lower or the same.
    """

    positives: NDArray[np.int64]
    negatives: NDArray[np.int64]
    below: NDArray[np.int64]
    upto: NDArray[np.int64]

    def area(self, weights: Floats) -> Floats:
        """Returns the share of (positive, negative) pairs in the right order, ties half; NaN without any."""
        negative = weights[self.negatives]
        before = np.zeros((len(negative) + 1, weights.shape[1]))
        np.cumsum(negative, axis=0, out=before[1:])
        positive = weights[self.positives]
        won = (positive * (before[self.below] + before[self.upto])).sum(axis=0) / 2
        pairs = positive.sum(axis=0) * before[-1]
        return np.where(pairs > 0, won / np.where(pairs > 0, pairs, 1), np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class AreaUnderCurve:
    """Macro average of the area under each label's one-versus-rest ROC curve.

    Labels that the gold never or always has are left out of the average; undefined where none is left.
    """

    rankings: tuple[_Ranking, ...]
    slots: int

    @property
    def cost(self) -> int:
        """Slots of an example times labels."""
        return max(2, len(self.rankings) * self.slots)

    def __call__(self, weights: Floats) -> Floats:
        """Computes the metric; see `Statistic`."""
        width = max(1, _CHUNK // max(1, len(weights) * self.slots))
        chunks = [self._areas(weights[:, at : at + width]) for at in range(0, weights.shape[1], width)]
        return np.concatenate(chunks)

    def _areas(self, weights: Floats) -> Floats:
        areas = np.stack([ranking.area(weights) for ranking in self.rankings])
        defined = ~np.isnan(areas)
        count = defined.sum(axis=0)
        total = np.where(defined, areas, 0).sum(axis=0)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def area_under_curve(positive: NDArray[np.bool_], scores: Floats) -> AreaUnderCurve:
    """Prepares the area under the curve.

    Args:
        positive: Whether a slot has a label, shape (n, f, l).
        scores: Its probability, same shape.
    """
    examples = np.broadcast_to(np.arange(positive.shape[0])[:, None], positive.shape[:2]).ravel()
    rankings = []
    for label in range(positive.shape[2]):
        has, score = positive[:, :, label].ravel(), scores[:, :, label].ravel()
        order = np.argsort(score[~has], kind="stable")
        ranked = score[~has][order]
        rankings.append(
            _Ranking(
                positives=examples[has],
                negatives=examples[~has][order],
                below=np.searchsorted(ranked, score[has], side="left"),
                upto=np.searchsorted(ranked, score[has], side="right"),
            )
        )
    return AreaUnderCurve(tuple(rankings), positive.shape[1])


def auc(slots: Slots) -> AreaUnderCurve:
    """Returns the macro one-versus-rest area under the ROC curve; `slots` must have probabilities."""
    if slots.probabilities is None:
        raise ValueError("the slots have no probabilities")
    positive = slots.gold[:, :, None] == np.arange(len(slots.labels))
    return area_under_curve(positive, slots.probabilities)


def log_loss(slots: Slots) -> Additive:
    """Returns the mean of -ln p of the true label; `slots` must have probabilities."""
    if slots.probabilities is None:
        raise ValueError("the slots have no probabilities")
    true = np.take_along_axis(slots.probabilities, slots.gold[..., None], axis=2)[..., 0]
    return mean_of(-np.log(np.clip(true, np.finfo(np.float64).eps, 1)).mean(axis=1))


def calibration_error(confidence: Floats, correct: NDArray[np.bool_]) -> Additive:
    """Returns the expected calibration error: |confidence - accuracy|, averaged over `BINS` bins by size.

    Args:
        confidence: Shape (n, f), 0 to 1; slots where it is NaN are left out.
        correct: Same shape.
    """
    known = ~np.isnan(confidence)
    # Bins are closed on the right, so that a confidence of exactly 1 lies in the last.
    bins = np.clip(np.ceil(np.where(known, confidence, 0) * BINS).astype(np.int64) - 1, 0, BINS - 1)
    member = (bins[:, :, None] == np.arange(BINS)) & known[:, :, None]
    surplus = (np.where(known, confidence, 0) - correct)[:, :, None]
    rows = np.concatenate([(member * surplus).sum(axis=1), member.sum(axis=1)], axis=1)
    return Additive(rows, lambda sums: np.abs(sums[:BINS]).sum(axis=0) / sums[BINS:].sum(axis=0))
