"""The learning curve: losses and the validation metric over the steps, the best step marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from luthier.report.axis import Axis
from luthier.report.formatting import count, number
from luthier.report.source import RunRecords
from luthier.report.words import Words

MAX_POINTS = 400
"""Points a line keeps at most: more than this no screen tells apart, and the page would grow with the run."""


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a line; positions in percent, y from the top."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One series; `style` is its CSS class."""

    label: str
    style: str
    points: tuple[Point, ...]

    @property
    def path(self) -> str:
        """The points as an SVG polyline's."""
        return " ".join(f"{point.x:g},{point.y:g}" for point in self.points)


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart of the curve."""

    title: str
    y: Axis
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """The section; `best` is the position of the best step in percent."""

    x: Axis
    panels: tuple[Panel, ...]
    best: float | None
    best_step: int | None
    best_metric: str


def curve(run: RunRecords, words: Words) -> Curve | None:
    """Builds the learning curve; None where the run recorded none."""
    series = {
        "loss": _series(run.history, "loss"),
        "eval_loss": _series(run.history, "eval_loss"),
    }
    names = dict.fromkeys(name for row in run.history for name in row.get("metrics") or ())
    metrics = {
        name: [
            (row["step"], row["metrics"][name]) for row in run.history if name in (row.get("metrics") or ())
        ]
        for name in _shown(list(names), run)
    }
    steps = [step for line in (*series.values(), *metrics.values()) for step, _ in line]
    if not steps:
        return None
    x = step_axis(max(steps))
    panels = []
    losses = [
        (words["train_loss"], "train", series["loss"]),
        (words["validation_loss"], "validation", series["eval_loss"]),
    ]
    if built := panel(words["loss"], x, losses):
        panels.append(built)
    for name, values in metrics.items():
        if built := panel(f"{name} ({words['validation']})", x, [(name, "metric", values)]):
            panels.append(built)
    training = run.manifest.get("training", {})
    best = training.get("best_step") if training.get("best_metric") else None
    return Curve(
        x, tuple(panels), x.at(best) if best is not None else None, best, training.get("best_metric") or ""
    )


def step_axis(last: int) -> Axis:
    """Returns the axis of steps from 0 to the last."""
    # Rounding the far end up would leave a third of the chart empty on short runs.
    return Axis(0, max(last, 1), Axis.over([0, last], ticks=6).step)


def _shown(names: Sequence[str], run: RunRecords) -> list[str]:
    """The metric that chose the checkpoint and the primary one; a panel for each metric would drown them."""
    wanted = [run.manifest.get("training", {}).get("best_metric"), run.primary]
    return [name for name in names if name in wanted] or list(names[:1])


def _series(history: Sequence[Mapping[str, Any]], key: str) -> list[tuple[int, float]]:
    return [(row["step"], row[key]) for row in history if row.get(key) is not None]


def panel(title: str, x: Axis, series: Sequence[tuple[str, str, list[tuple[int, float]]]]) -> Panel | None:
    """Builds a chart of series, each a label, a CSS class, and steps with values; None without values."""
    present = [(label, style, values) for label, style, values in series if values]
    if not present:
        return None
    y = Axis.over([value for _, _, values in present for _, value in values], ticks=4)
    lines = tuple(
        Line(label, style, tuple(_point(x, y, step, value) for step, value in _thin(values)))
        for label, style, values in present
    )
    return Panel(title, y, lines)


def _point(x: Axis, y: Axis, step: int, value: float) -> Point:
    return Point(x.at(step), round(100 - y.at(value), 2), f"{count(step)}: {number(value)}")


def _thin(values: list[tuple[int, float]]) -> list[tuple[int, float]]:
    stride = -(-len(values) // MAX_POINTS)
    kept = values[::stride]
    return kept if kept[-1] == values[-1] else [*kept, values[-1]]
