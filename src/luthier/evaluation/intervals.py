"""Bootstrap intervals over examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from luthier.evaluation.options import EvaluationOptions
from luthier.evaluation.scores import Score
from luthier.evaluation.statistic import Floats, Statistic

CHUNK = 4_000_000
"""Weights held at once; 8 bytes each."""

_BUDGET = 200_000_000
"""Numbers a costly statistic (AUC) may read in all; beyond it, it gets fewer resamples."""

_LEAST = 200
"""Resamples that even the costliest statistic gets."""


def point(statistic: Statistic, n: int) -> float:
    """Returns the metric with each of the `n` examples counted once; NaN where undefined."""
    return float(statistic(np.ones((n, 1)))[0])


def resample_weights(n: int, resamples: int, seed: int) -> Iterator[Floats]:
    """Yields the weights of bootstrap resamples in chunks of bounded memory.

    Args:
        n: Examples; each resample draws as many with replacement.
        resamples: How many in all.
        seed: The same seed gives the same resamples, so that metrics and systems are compared on the same
            ones.

    Yields:
        Arrays of shape (n, resamples of this chunk): how often each example was drawn.
    """
    generator = np.random.default_rng(seed)
    size = max(1, CHUNK // max(n, 1))
    for begin in range(0, resamples, size):
        columns = min(size, resamples - begin)
        drawn = generator.integers(0, n, size=(n, columns))
        flat = drawn * columns + np.arange(columns)
        counts = np.bincount(flat.ravel(), minlength=n * columns)
        yield counts.reshape(n, columns).astype(np.float64)


def affordable(statistic: Statistic, n: int, resamples: int) -> int:
    """Returns how many resamples a statistic gets: all of them unless it is costly on this many examples."""
    if statistic.cost == 1:
        return resamples
    return min(resamples, max(_LEAST, _BUDGET // max(1, statistic.cost * n)))


def score_all(
    statistics: Mapping[str, Statistic], n: int, options: EvaluationOptions, seed: int
) -> dict[str, Score]:
    """Computes each metric and its bootstrap percentile interval.

    Examples are drawn with replacement; an interval runs between the percentiles that leave out
    `1 - options.confidence` of the resamples, half at each end. Resamples on which a metric is undefined are
    left out. A metric that is undefined on the examples themselves is absent.

    Args:
        statistics: Metric name to statistic, all over the same `n` examples.
        n: How many examples.
        options: Number of resamples and confidence.
        seed: Of the resamples.
    """
    values = {name: point(statistic, n) for name, statistic in statistics.items()} if n else {}
    defined = {name: value for name, value in values.items() if not np.isnan(value)}
    drawn: dict[str, list[Floats]] = {name: [] for name in defined}
    limits = {name: affordable(statistics[name], n, options.bootstrap) for name in defined}
    done = 0
    for weights in resample_weights(n, options.bootstrap if defined else 0, seed):
        for name, limit in limits.items():
            if done < limit:
                drawn[name].append(statistics[name](weights[:, : limit - done]))
        done += weights.shape[1]
    return {
        name: Score(value, *percentile_ends(drawn[name], options.confidence))
        for name, value in defined.items()
    }


def percentile_ends(chunks: list[Floats], confidence: float) -> tuple[float | None, float | None]:
    """Returns the percentiles that enclose `confidence` (0 to 1) of the defined values; None without any."""
    values = np.concatenate(chunks) if chunks else np.empty(0)
    values = values[~np.isnan(values)]
    if not values.size:
        return None, None
    tail = (1 - confidence) / 2 * 100
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)
