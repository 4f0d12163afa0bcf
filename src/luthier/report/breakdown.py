"""Where the model is good and where not: scores by aspect, type or label, and confusion matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from luthier.experiment.folder import FINE_TUNED
from luthier.report.axis import Axis
from luthier.report.formatting import number, percent
from luthier.report.plot import Mark, extent
from luthier.report.source import RunRecords
from luthier.report.words import Words

MAX_MATRIX = 30
"""Labels beyond which a confusion matrix shows only its most confused pairs."""

UPRIGHT = 8
"""Columns beyond which a confusion matrix writes their names upright."""


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One aspect, type or label.

    Attributes:
        name: What it is called.
        support: How often the gold has it; None where unknown.
        mark: The fine-tuned model's score; None where undefined.
        rival: The best baseline's score, if there is one.
        values: Every metric in words, in the order of `FieldChart.metrics`.
    """

    name: str
    support: int | None
    mark: Mark | None
    rival: Mark | None
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldChart:
    """Bars by field on one test set; `zero` is the position of 0 in percent."""

    test: str
    metric: str
    axis: Axis
    zero: float
    rows: tuple[FieldRow, ...]
    metrics: tuple[str, ...]
    rival: str


@dataclass(frozen=True, slots=True)
class Heat:
    """One cell of a confusion matrix: its count and share of the row, 0 to 1."""

    count: int
    share: float
    text: str
    right: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    """A confusion matrix; `columns` ends with the unread ones where there are any."""

    name: str
    labels: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Heat, ...], ...]

    @property
    def dense(self) -> bool:
        """Whether it has so many labels that their names stand upright above narrow columns."""
        return len(self.columns) > UPRIGHT


@dataclass(frozen=True, slots=True)
class ConfusedPair:
    """How often one label was taken for another, for label sets too large for a matrix."""

    gold: str
    predicted: str
    count: int
    share: str


@dataclass(frozen=True, slots=True)
class TestConfusion:
    """The confusion of one test set: the pooled matrix, one a field, or the most confused pairs."""

    __test__ = False

    test: str
    pooled: Matrix | None
    fields: tuple[Matrix, ...]
    pairs: tuple[ConfusedPair, ...]


def field_charts(run: RunRecords, words: Words) -> list[FieldChart]:
    """Returns a chart for each test set that has scores by field."""
    charts = []
    for test in run.tests:
        ours = run.systems(test)[FINE_TUNED]
        metric = _field_metric(run.primary, ours.get("by_field", {}))
        if metric is not None:
            charts.append(_field_chart(run, test, ours, metric, words))
    return charts


def _field_metric(primary: str, by_field: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Chooses what the bars show: the primary metric where fields have it, else the nearest to it."""
    defined = list(dict.fromkeys(name for scores in by_field.values() for name in scores))
    return next((name for name in (primary, "f1", "f1_macro", *defined) if name in defined), None)


def _field_chart(
    run: RunRecords, test: str, ours: Mapping[str, Any], metric: str, words: Words
) -> FieldChart:
    rival = run.best_baseline(test)
    theirs = run.systems(test)[rival].get("by_field", {}) if rival is not None else {}
    rival_label = words.system(rival) if rival is not None and theirs else ""
    scores = [
        item[metric] for source in (ours["by_field"], theirs) for item in source.values() if metric in item
    ]
    axis = Axis.over([*extent(scores), 1.0], zero=True)
    # A field may lack metrics that are undefined for it; the fullest one tells their order.
    fullest = sorted(ours["by_field"].values(), key=len, reverse=True)
    metrics = tuple(dict.fromkeys(name for item in fullest for name in item))
    rows = []
    for name, item in ours["by_field"].items():
        other = theirs.get(name, {}).get(metric)
        rows.append(
            FieldRow(
                name,
                ours.get("support", {}).get(name),
                Mark.of(name, item[metric], axis, ours=True) if metric in item else None,
                Mark.of(rival_label, other, axis, ours=False) if other is not None else None,
                tuple(number(item[key]["value"] if key in item else None) for key in metrics),
            )
        )
    return FieldChart(test, metric, axis, axis.at(0.0), tuple(rows), metrics, rival_label)


def confusions(run: RunRecords, words: Words) -> list[TestConfusion]:
    """Returns the confusion of each test set that has one."""
    found = []
    for test in run.tests:
        matrices = run.systems(test)[FINE_TUNED].get("confusion", {})
        if not matrices:
            continue
        pooled = matrices.get("")
        if pooled is not None and len(pooled["labels"]) > MAX_MATRIX:
            found.append(TestConfusion(test, None, (), _confused_pairs(pooled, words)))
            continue
        fields = tuple(_matrix(name, item, words) for name, item in matrices.items() if name)
        found.append(
            TestConfusion(test, _matrix("", pooled, words) if pooled is not None else None, fields, ())
        )
    return found


def _matrix(name: str, value: Mapping[str, Any], words: Words) -> Matrix:
    labels, unread = tuple(value["labels"]), value["unread"]
    columns = (*labels, words["unread"]) if any(unread) else labels
    rows = []
    for index, counts in enumerate(value["matrix"]):
        cells = [*counts, unread[index]] if any(unread) else counts
        total = sum(counts) + unread[index]
        rows.append(
            tuple(
                Heat(
                    count,
                    count / total if total else 0.0,
                    percent(count / total if total else 0),
                    column == index,
                )
                for column, count in enumerate(cells)
            )
        )
    return Matrix(name, labels, columns, tuple(rows))


def _confused_pairs(value: Mapping[str, Any], words: Words) -> tuple[ConfusedPair, ...]:
    labels = value["labels"]
    columns = (*labels, words["unread"])
    pairs = [
        ConfusedPair(labels[row], columns[column], count, percent(count / (sum(counts) + unread)))
        for row, (counts, unread) in enumerate(zip(value["matrix"], value["unread"], strict=True))
        for column, count in enumerate((*counts, unread))
        if count and row != column
    ]
    return tuple(sorted(pairs, key=lambda pair: -pair.count)[:MAX_MATRIX])
