"""Weighted kappa: agreement beyond chance, where some mistakes are worse than others."""

from __future__ import annotations

import numpy as np

from luthier.evaluation.metrics.slots import UNREAD, Slots
from luthier.evaluation.statistic import Additive, Floats


def kappa(slots: Slots, weights: Floats) -> Additive:
    """Returns the weighted kappa over the confusion matrix of all slots (Guo et al. 2024, arXiv 2404.13033).

    κ = (Po - Pe) / (1 - Pe), Po = Σ w_ij p_ij, Pe = Σ w_ij p_i. p_.j, where p is the confusion matrix pooled
    over the fields, as shares. A slot without a prediction agrees with nothing. Undefined where Pe is 1.

    Args:
        slots: The decisions.
        weights: Agreement of gold label i with predicted label j, 0 to 1, shape (l, l); need not be
            symmetric. The identity gives Cohen's kappa.
    """
    size = len(slots.labels)
    read = slots.predicted != UNREAD
    agreement = np.where(read, weights[slots.gold, np.maximum(slots.predicted, 0)], 0.0).sum(axis=1)
    codes = np.arange(size)
    gold = (slots.gold[:, :, None] == codes).sum(axis=1)
    predicted = (slots.predicted[:, :, None] == codes).sum(axis=1)
    rows = np.concatenate([agreement[:, None], gold, predicted], axis=1).astype(np.float64)

    def finish(sums: Floats) -> Floats:
        gold, predicted = sums[1 : 1 + size], sums[1 + size :]
        total = gold.sum(axis=0)
        observed = sums[0] / total
        expected = (gold * (weights @ predicted)).sum(axis=0) / total**2
        # Only rounding may blur the limit: among a million slots of one label, one other still defines it.
        alone = np.abs(1 - expected) < 1e-12
        return np.where(alone, np.nan, (observed - expected) / np.where(alone, 1, 1 - expected))

    return Additive(rows, finish)
