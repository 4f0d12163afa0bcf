"""How steady the result is: the spread over seeds, and cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from luthier.report.formatting import interval, number
from luthier.report.source import RunRecords


@dataclass(frozen=True, slots=True)
class SteadyRow:
    """One metric: its value, and the range of the single values behind it."""

    test: str
    metric: str
    value: str
    note: str
    range: str


@dataclass(frozen=True, slots=True)
class Steadiness:
    """The section; a part that the run did not do has no rows."""

    seeds: int
    by_seed: tuple[SteadyRow, ...]
    folds: int
    by_fold: tuple[SteadyRow, ...]


def steadiness(run: RunRecords) -> Steadiness | None:
    """Builds the section; None where the run trained once."""
    seeds, crossed = run.metrics.get("seeds"), run.metrics.get("cross_validation")
    if seeds is None and crossed is None:
        return None
    by_seed = [
        SteadyRow(test, metric, number(item["mean"]), f"± {number(item['sd'])}", _range(item["values"]))
        for test in run.tests
        for metric, item in (seeds or {}).get(f"test/{test}", {}).items()
    ]
    folds = crossed["folds"] if crossed is not None else {}
    by_fold = [
        SteadyRow("", metric, number(score["value"]), interval(score), _range(folds.get(metric, ())))
        for metric, score in (crossed["metrics"] if crossed is not None else {}).items()
    ]
    return Steadiness(
        len(seeds["seeds"]) if seeds is not None else 0,
        tuple(by_seed),
        max((len(values) for values in folds.values()), default=0),
        tuple(by_fold),
    )


def _range(values: Sequence[float]) -> str:
    return f"{number(min(values))} … {number(max(values))}" if values else ""
