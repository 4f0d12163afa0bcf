"""Peak learning rates by size of the base model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log


def interpolate_rate(parameters: int, points: Sequence[tuple[float, float]]) -> float:
    """Interpolates a learning rate between known ones, linearly in the logarithms of size and rate.

    Args:
        parameters: Of the base model.
        points: (parameters, learning rate), by rising size. Outside of them the nearest rate holds.
    """
    if parameters <= points[0][0]:
        return points[0][1]
    for (small, left), (large, right) in pairwise(points):
        if parameters < large:
            share = log(parameters / small) / log(large / small)
            return float(left * (right / left) ** share)
    return points[-1][1]
