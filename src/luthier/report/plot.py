"""Values with intervals on an axis: one row of a dot-and-whisker plot or of a bar chart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from luthier.report.axis import Axis
from luthier.report.formatting import interval, number


@dataclass(frozen=True, slots=True)
class Mark:
    """One value on an axis; positions in percent.

    Attributes:
        label: What it is of.
        text: The value in three digits.
        interval: Its interval in brackets, or nothing.
        ours: Whether it is of the fine-tuned model.
        at: Position of the value.
        low: Position of the interval's lower end; None where there is no interval.
        high: Position of its upper end.
    """

    label: str
    text: str
    interval: str
    ours: bool
    at: float
    low: float | None
    high: float | None

    @classmethod
    def of(cls, label: str, score: Mapping[str, Any], axis: Axis, *, ours: bool) -> Mark:
        """Places a score (`value`, `low`, `high`) on an axis."""
        ends = [None if score.get(end) is None else axis.at(score[end]) for end in ("low", "high")]
        text = number(score["value"])
        return cls(label, text, interval(score), ours, axis.at(score["value"]), ends[0], ends[1])


def extent(scores: Iterable[Mapping[str, Any]]) -> list[float]:
    """Returns every value and interval end of some scores, for an axis that holds them all."""
    return [
        score[part] for score in scores for part in ("value", "low", "high") if score.get(part) is not None
    ]
