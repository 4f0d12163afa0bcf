"""Axes of charts: values to positions in percent, and round numbers for ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear axis.

    Attributes:
        low: Value at 0 percent.
        high: Value at 100 percent, above `low`.
        step: Distance of two ticks.
    """

    low: float
    high: float
    step: float

    @classmethod
    def over(cls, values: Iterable[float], *, ticks: int = 5, zero: bool = False) -> Axis:
        """Makes an axis with round ends that holds all values.

        Args:
            values: What is to be shown; none gives 0 to 1.
            ticks: About how many intervals.
            zero: Whether the axis must reach 0, as bars ask for.
        """
        found = list(values) or [0.0, 1.0]
        low, high = min(found), max(found)
        if zero:
            low, high = min(low, 0.0), max(high, 0.0)
        if math.isclose(low, high, abs_tol=1e-9):
            room = abs(high) / 2 if abs(high) > 1e-9 else 0.5
            low, high = (low, high + room) if zero and low >= 0 else (low - room, high + room)
        step = _round_step((high - low) / ticks)
        return cls(_floor(low, step) * step, -_floor(-high, step) * step, step)

    def at(self, value: float) -> float:
        """Returns the position of a value in percent, rounded to what a screen can show."""
        return round(100 * (value - self.low) / (self.high - self.low), 2)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Positions in percent and labels, from low to high."""
        # A step of 2.5 needs a digit more than its power of ten says.
        digits = max(0, next(d for d in range(12) if math.isclose(round(self.step, d), self.step)))
        count = math.floor((self.high - self.low) / self.step + 1e-9)
        values = [self.low + index * self.step for index in range(count + 1)]
        return [(self.at(value), f"{value + 0.0:,.{digits}f}".replace("-", "−")) for value in values]


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return power * next(step for step in _STEPS if step * power >= rough * (1 - 1e-9))


def _floor(value: float, step: float) -> int:
    # Rounding must not push an end that is a multiple of the step to the next one.
    return math.floor(value / step + 1e-9)
