"""Is one system better than another on the same examples, and how sure is that?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import comb

import numpy as np

from luthier.evaluation.evaluate import measure
from luthier.evaluation.intervals import CHUNK, affordable, percentile_ends, resample_weights
from luthier.evaluation.options import EvaluationOptions
from luthier.evaluation.pairs import join
from luthier.evaluation.statistic import Floats, Statistic
from luthier.inference.prediction import Prediction
from luthier.tasks.base import Task
from luthier.tasks.example import Example


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of system A minus that of system B on the same examples.

    Attributes:
        value: The difference.
        low: Lower end of its bootstrap interval; None where no resample defines it.
        high: Upper end.
        p_value: Two-sided, by approximate randomisation: how often a difference at least as large arises when
            each example's two predictions are swapped at random. None without resamples.
    """

    value: float
    low: float | None
    high: float | None
    p_value: float | None

    def to_json(self) -> dict[str, float | None]:
        """Returns the four attributes as JSON."""
        return {"value": self.value, "low": self.low, "high": self.high, "p_value": self.p_value}


def compare(
    task: Task,
    examples: Iterable[Example],
    a: Iterable[Prediction],
    b: Iterable[Prediction],
    options: EvaluationOptions | None = None,
    seed: int = 0,
) -> dict[str, Difference]:
    """Compares two systems on the same examples, metric by metric.

    Both tests are paired: the bootstrap (interval) draws the same examples for both systems, the
    randomisation test (p value; Noreen 1989) swaps predictions within an example. They hold for every metric,
    corpus BLEU and the area under the curve included.

    Raises:
        luthier.errors.DataError: As `evaluate` does.
    """
    options = options or EvaluationOptions()
    examples = list(examples)
    first, second = join(examples, a), join(examples, b)
    shared = measure(task, first).statistics.keys() & measure(task, second).statistics.keys()
    # One statistic over the predictions of both: weights then choose whose prediction of an example counts.
    both = measure(task, first + second).statistics
    n = len(first)
    return {
        name: _difference(statistic, n, options, seed)
        for name, statistic in both.items()
        if name in shared and n and not np.isnan(_gap(statistic, np.ones((n, 1)), np.zeros((n, 1)))[0])
    }


def mcnemar(a_right: Iterable[bool], b_right: Iterable[bool]) -> float:
    """Returns the two-sided p value of McNemar's exact test on paired right and wrong decisions.

    Under the null hypothesis, the examples on which exactly one system is right split like fair coin tosses.

    Args:
        a_right: Whether system A is right on each example.
        b_right: Whether system B is, in the same order.

    Raises:
        ValueError: Where the two differ in length.
    """
    pairs = list(zip(a_right, b_right, strict=True))
    only_a, only_b = sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)
    n = only_a + only_b
    tail: int = sum(comb(n, k) for k in range(min(only_a, only_b) + 1))
    return float(min(1.0, 2 * tail / 2**n))


def _gap(statistic: Statistic, first: Floats, second: Floats) -> Floats:
    """Returns the metric under two complementary choices of whose predictions count, one minus the other."""
    a = statistic(np.concatenate([first, second]))
    b = statistic(np.concatenate([second, first]))
    gap: Floats = a - b
    return gap


def _difference(statistic: Statistic, n: int, options: EvaluationOptions, seed: int) -> Difference:
    value = float(_gap(statistic, np.ones((n, 1)), np.zeros((n, 1)))[0])
    resamples = affordable(statistic, 2 * n, options.bootstrap)
    drawn = [
        _gap(statistic, weights, np.zeros_like(weights)) for weights in resample_weights(n, resamples, seed)
    ]
    low, high = percentile_ends(drawn, options.confidence)
    swapped = [_gap(statistic, mine, 1 - mine) for mine in _coin_tosses(n, resamples, seed)]
    return Difference(value, low, high, _p_value(value, swapped))


def _coin_tosses(n: int, resamples: int, seed: int) -> Iterator[Floats]:
    generator = np.random.default_rng(seed)
    size = max(1, CHUNK // max(n, 1))
    for begin in range(0, resamples, size):
        columns = min(size, resamples - begin)
        yield generator.integers(0, 2, size=(n, columns)).astype(np.float64)


def _p_value(value: float, chunks: list[Floats]) -> float | None:
    gaps = np.concatenate(chunks) if chunks else np.empty(0)
    gaps = gaps[~np.isnan(gaps)]
    if not gaps.size:
        return None
    # One is added to both: the assignment that was observed is one of the possible ones, so p is never 0. The
    # tolerance keeps rounding from telling equal differences apart.
    return float((1 + (np.abs(gaps) >= abs(value) - 1e-12).sum()) / (1 + gaps.size))
