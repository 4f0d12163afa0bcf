"""`Scores`: everything measured about one set of predictions, and its JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Score:
    """One metric with its interval.

    Attributes:
        value: On all examples.
        low: Lower end of the bootstrap interval; None where no interval was asked for or none is defined.
        high: Upper end.
    """

    value: float
    low: float | None = None
    high: float | None = None

    def to_json(self) -> dict[str, float | None]:
        """Returns `{"value": .., "low": .., "high": ..}`."""
        return {"value": self.value, "low": self.low, "high": self.high}

    @classmethod
    def from_json(cls, value: Mapping[str, float | None]) -> Score:
        """Reads back what `to_json` wrote; raises KeyError where there is no value."""
        found = value["value"]
        if found is None:
            raise KeyError("value")
        return cls(found, value.get("low"), value.get("high"))


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often which label was taken for which.

    Attributes:
        labels: Of rows and columns; the placeholder of an unmentioned field, if any, is the last.
        matrix: Counts, rows gold, columns predicted.
        unread: Per gold label, how many predictions had no value.
    """

    labels: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]
    unread: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """Returns the three attributes as JSON lists."""
        return {
            "labels": list(self.labels),
            "matrix": [list(row) for row in self.matrix],
            "unread": list(self.unread),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Confusion:
        """Reads back what `to_json` wrote."""
        matrix = tuple(tuple(row) for row in value["matrix"])
        return cls(tuple(value["labels"]), matrix, tuple(value["unread"]))


@dataclass(frozen=True, slots=True)
class FormatErrors:
    """How a set of raw texts deviates from the design.

    Attributes:
        count: Predictions with at least one format error.
        rate: `count` over the predictions that come from text, 0 to 1.
        kinds: Kind of format error to the predictions that show it.
        harmless: The same for deviations that strict reading forgives.
    """

    count: int = 0
    rate: float = 0.0
    kinds: Mapping[str, int] = field(default_factory=dict)
    harmless: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Returns the attributes as JSON."""
        return {
            "count": self.count,
            "rate": self.rate,
            "kinds": dict(self.kinds),
            "harmless": dict(self.harmless),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> FormatErrors:
        """Reads back what `to_json` wrote."""
        return cls(value["count"], value["rate"], value["kinds"], value["harmless"])


@dataclass(frozen=True, slots=True)
class Scores:
    """Everything measured about one set of predictions.

    Attributes:
        n: Examples scored.
        metrics: Metric name to score. A metric that is undefined on this set (AUC with one class) is absent.
        by_field: Aspect, entity type or label to its own metrics.
        support: Aspect, entity type or label to how often the gold has it.
        confusion: Aspect to its confusion; "" for all slots pooled, or the only field of a classification.
        format_errors: How the texts deviate from the design.
        missing: Ids of examples without any prediction, counted as wrong.
    """

    n: int
    metrics: Mapping[str, Score]
    by_field: Mapping[str, Mapping[str, Score]] = field(default_factory=dict)
    support: Mapping[str, int] = field(default_factory=dict)
    confusion: Mapping[str, Confusion] = field(default_factory=dict)
    format_errors: FormatErrors = field(default_factory=FormatErrors)
    missing: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Returns the scores as JSON, as a run's `metrics.json` holds them for each test set."""
        return {
            "n": self.n,
            "metrics": _scores_to_json(self.metrics),
            "by_field": {name: _scores_to_json(scores) for name, scores in self.by_field.items()},
            "support": dict(self.support),
            "confusion": {name: item.to_json() for name, item in self.confusion.items()},
            "format_errors": self.format_errors.to_json(),
            "missing": list(self.missing),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Scores:
        """Reads back what `to_json` wrote; raises KeyError where a key is missing."""
        return cls(
            n=value["n"],
            metrics=_scores_from_json(value["metrics"]),
            by_field={name: _scores_from_json(scores) for name, scores in value["by_field"].items()},
            support=value["support"],
            confusion={name: Confusion.from_json(item) for name, item in value["confusion"].items()},
            format_errors=FormatErrors.from_json(value["format_errors"]),
            missing=tuple(value["missing"]),
        )


def _scores_to_json(scores: Mapping[str, Score]) -> dict[str, Any]:
    return {name: score.to_json() for name, score in scores.items()}


def _scores_from_json(value: Mapping[str, Any]) -> dict[str, Score]:
    return {name: Score.from_json(score) for name, score in value.items()}
