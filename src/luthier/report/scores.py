"""The scores: a table a test set, and the primary metric of every system with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from luthier.experiment.folder import FINE_TUNED
from luthier.report.axis import Axis
from luthier.report.formatting import interval, lower_is_better, number, p_value, percent, signed
from luthier.report.plot import Mark, extent
from luthier.report.source import RunRecords
from luthier.report.words import Words


@dataclass(frozen=True, slots=True)
class Cell:
    """One score in the table; `best` of its metric."""

    text: str
    interval: str
    best: bool


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric: a cell a system, None where the metric is not defined for it."""

    metric: str
    lower_is_better: bool
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class SystemColumn:
    """One system.

    Attributes:
        label: What it is called.
        ours: Whether it is the fine-tuned model.
        difference: Fine-tuned minus this system on the primary metric; empty where not compared.
        difference_interval: Its interval.
        p: Its p value.
    """

    label: str
    ours: bool
    difference: str = ""
    difference_interval: str = ""
    p: str = ""


@dataclass(frozen=True, slots=True)
class TestScores:
    """Everything scored on one test set; `marks` show the primary metric on the axis all test sets share."""

    __test__ = False

    name: str
    n: int
    systems: tuple[SystemColumn, ...]
    rows: tuple[MetricRow, ...]
    marks: tuple[Mark, ...]
    missing: int


@dataclass(frozen=True, slots=True)
class ScoresSection:
    """The section: test sets, the axis of their plots, the primary metric, the coverage of intervals."""

    tests: tuple[TestScores, ...]
    axis: Axis
    primary: str
    level: str


def scores_section(run: RunRecords, words: Words) -> ScoresSection | None:
    """Builds the section; None where nothing was scored."""
    if not run.tests:
        return None
    shown = [
        scores["metrics"][run.primary]
        for test in run.tests
        for scores in run.systems(test).values()
        if run.primary in scores["metrics"]
    ]
    axis = Axis.over(extent(shown))
    level = percent(run.recipe.get("evaluation", {}).get("confidence", 0.95))
    return ScoresSection(tuple(_test(run, test, axis, words) for test in run.tests), axis, run.primary, level)


def _test(run: RunRecords, test: str, axis: Axis, words: Words) -> TestScores:
    systems = run.systems(test)
    found = dict.fromkeys(name for scores in systems.values() for name in scores["metrics"])
    metrics = sorted(found, key=lambda name: (name != run.primary, name == "format_error_rate"))
    marks = [
        Mark.of(words.system(name), scores["metrics"][run.primary], axis, ours=name == FINE_TUNED)
        for name, scores in systems.items()
        if run.primary in scores["metrics"]
    ]
    ours = systems[FINE_TUNED]
    return TestScores(
        name=test,
        n=ours["n"],
        systems=tuple(_column(run, test, name, words) for name in systems),
        rows=tuple(_row(metric, systems) for metric in metrics),
        marks=tuple(marks),
        missing=len(ours["missing"]),
    )


def _row(metric: str, systems: Mapping[str, Mapping[str, Any]]) -> MetricRow:
    scores = [system["metrics"].get(metric) for system in systems.values()]
    values = [score["value"] for score in scores if score is not None]
    # Alone, or where all are equal, none is the best.
    best = None if len({*values}) < 2 else min(values) if lower_is_better(metric) else max(values)
    cells = tuple(None if score is None else _cell(metric, score, best) for score in scores)
    return MetricRow(metric, lower_is_better(metric), cells)


def _cell(metric: str, score: Mapping[str, Any], best: float | None) -> Cell:
    if metric != "format_error_rate":
        return Cell(number(score["value"]), interval(score), score["value"] == best)
    low, high = score.get("low"), score.get("high")
    span = "" if low is None or high is None else f"[{percent(low)}, {percent(high)}]"
    return Cell(percent(score["value"]), span, score["value"] == best)


def _column(run: RunRecords, test: str, system: str, words: Words) -> SystemColumn:
    difference = run.comparison(test, system)
    if difference is None:
        return SystemColumn(words.system(system), system == FINE_TUNED)
    return SystemColumn(
        words.system(system),
        False,
        signed(difference["value"]),
        interval(difference),
        p_value(difference["p_value"]),
    )
