"""Metrics of an aspects task: every aspect of every text is one decision, unmentioned included."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from luthier.evaluation.metrics.classification import label_statistics
from luthier.evaluation.metrics.slots import slots_of
from luthier.evaluation.pairs import Measured, Pair
from luthier.evaluation.statistic import Floats, mean_of
from luthier.tasks.base import Task


def measure(task: Task, pairs: Sequence[Pair], weights: Floats | None) -> Measured:
    """Measures an aspects task, pooled over the aspects and for each.

    Args:
        task: Of which every field has the same labels.
        pairs: Examples and predictions.
        weights: Agreement weights of kappa, labels then unmentioned, gold by predicted.
    """
    slots = slots_of(task, pairs)
    singles = {name: slots.only(index) for index, name in enumerate(slots.fields)}
    statistics = label_statistics(slots, weights)
    statistics["sample_accuracy"] = mean_of(np.asarray(slots.correct.all(axis=1), dtype=np.float64))
    unmentioned = len(slots.labels) - 1
    return Measured(
        statistics=statistics,
        by_field={name: label_statistics(single, weights) for name, single in singles.items()},
        support={name: int((single.gold != unmentioned).sum()) for name, single in singles.items()},
        confusion={"": slots.confusion(), **{name: single.confusion() for name, single in singles.items()}},
    )
