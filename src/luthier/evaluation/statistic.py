"""`Statistic`: a metric as a function of how often each example counts.

Every metric of this room is written as a function of example weights, so that one definition serves the plain
value (each example once), bootstrap resamples (each as often as it was drawn) and randomisation tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Statistic(Protocol):
    """A metric of `n` examples, ready to be computed under any weights."""

    @property
    def cost(self) -> int:
        """Roughly how many numbers it reads for each example and resample; 1 is cheap."""

    def __call__(self, weights: Floats) -> Floats:
        """Computes the metric.

        Args:
            weights: How often each example counts, at least 0; shape (n, resamples).

        Returns:
            The metric under each column of `weights`, shape (resamples,); NaN where it is undefined.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Additive:
    """A metric that depends on sums over the examples alone.

    Attributes:
        rows: What each example adds, shape (n, k).
        finish: From the sums, shape (k, resamples), to the metric, shape (resamples,).
    """

    rows: Floats
    finish: Callable[[Floats], Floats]

    @property
    def cost(self) -> int:
        """One matrix product does it: cheap whatever `k` is."""
        return 1

    def __call__(self, weights: Floats) -> Floats:
        """Computes the metric; see `Statistic`."""
        # Undefined ratios are wanted as NaN, quietly: a resample may well miss a class.
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.finish(self.rows.T @ weights)


def mean_of(values: Floats) -> Additive:
    """Returns the weighted mean of one number an example; examples whose number is NaN are left out.

    Args:
        values: Shape (n,).
    """
    known = ~np.isnan(values)
    rows = np.stack([np.where(known, values, 0.0), known.astype(np.float64)], axis=1)
    return Additive(rows, lambda sums: sums[0] / sums[1])
