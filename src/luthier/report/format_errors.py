"""How often texts break the design's format, by kind and system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from luthier.report.formatting import DASH, count, percent
from luthier.report.source import RunRecords
from luthier.report.words import Words

_PARTS = ("kinds", "harmless")


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of deviation: how many predictions of each system show it, and its bar's length in percent."""

    label: str
    harmless: bool
    counts: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class TestFormatErrors:
    """One test set: systems, the share of texts with any format error, and the kinds."""

    __test__ = False

    test: str
    systems: tuple[str, ...]
    rates: tuple[str, ...]
    rows: tuple[KindRow, ...]


def format_errors(run: RunRecords, words: Words) -> list[TestFormatErrors]:
    """Returns the format errors of each test set; a system that writes no text shows a dash."""
    return [_of_test(run, test, words) for test in run.tests]


def writes_text(scores: Mapping[str, Any]) -> bool:
    """Tells whether a system's predictions come from text: only such ones have a rate of format errors."""
    return "format_error_rate" in scores["metrics"]


def _of_test(run: RunRecords, test: str, words: Words) -> TestFormatErrors:
    systems = run.systems(test)
    writers = {name: scores["format_errors"] for name, scores in systems.items() if writes_text(scores)}
    rates = tuple(
        f"{count(writers[name]['count'])} ({percent(writers[name]['rate'])})" if name in writers else DASH
        for name in systems
    )
    largest = max(
        (value for errors in writers.values() for part in _PARTS for value in errors[part].values()),
        default=1,
    )
    rows = []
    for part in _PARTS:
        for kind in dict.fromkeys(kind for errors in writers.values() for kind in errors[part]):
            counts = tuple(
                _cell(writers[name][part].get(kind, 0), largest) if name in writers else (DASH, 0.0)
                for name in systems
            )
            rows.append(KindRow(words.open("kind", kind), part == "harmless", counts))
    return TestFormatErrors(test, tuple(words.system(name) for name in systems), rates, tuple(rows))


def _cell(value: int, largest: int) -> tuple[str, float]:
    return count(value), round(100 * value / largest, 1)
