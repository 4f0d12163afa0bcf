"""The data: how many records each split has, and everything that was dropped, cut or leaked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from luthier.report.formatting import DASH, count, number
from luthier.report.source import RunRecords
from luthier.report.words import Words

LISTED = 50
"""Rows of a list that the page shows at most; the folder's `data/report.json` has all of them."""


@dataclass(frozen=True, slots=True)
class SplitRow:
    """One split in numbers; a dash where the folder does not tell."""

    name: str
    records: str
    tokens: str
    supervised: str
    longest: str
    cut: str


@dataclass(frozen=True, slots=True)
class Leak:
    """A held-out record that the model was trained on, equal or nearly so."""

    held_out: str
    id: str
    seen_in: str
    seen_id: str
    similarity: str
    text: str


@dataclass(frozen=True, slots=True)
class DataSection:
    """The section.

    Attributes:
        splits: A row a split.
        stages: What each stage did: stage, what, how many records.
        ignored: File, column, records that have it and were read without it.
        cut: Split, id, characters cut from the input, at most `LISTED`.
        cut_total: How many samples were cut.
        unended: Split and number of samples whose end token does not count in the loss.
        dropped: Reason and number of records left out.
        dropped_rows: Reason, id and text of them, at most `LISTED`.
        leaks: At most `LISTED`.
        leaks_total: How many there are.
    """

    splits: tuple[SplitRow, ...]
    stages: tuple[tuple[str, str, str], ...]
    ignored: tuple[tuple[str, str, str], ...]
    cut: tuple[tuple[str, str, str], ...]
    cut_total: int
    unended: tuple[tuple[str, int], ...]
    dropped: tuple[tuple[str, int], ...]
    dropped_rows: tuple[tuple[str, str, str], ...]
    leaks: tuple[Leak, ...]
    leaks_total: int


def data_section(run: RunRecords, words: Words) -> DataSection:
    """Builds the section from the data report and from what encoding counted."""
    encoded: Mapping[str, Mapping[str, Any]] = run.manifest.get("encoded", {})
    cut = [
        (words.open("split", split), id, count(characters))
        for split, report in encoded.items()
        for id, characters in report["cut"].items()
    ]
    dropped: Sequence[Mapping[str, Any]] = run.data.get("dropped", ())
    leaks: Sequence[Mapping[str, Any]] = run.data.get("leaks", ())
    return DataSection(
        splits=_splits(run, encoded, words),
        stages=tuple(
            (words.open("stage", stage), words.reason(reason), count(number_of))
            for stage, reasons in run.data.get("counts", {}).items()
            if stage not in ("read", "augment")  # the table of splits and the next section tell these
            for reason, number_of in reasons.items()
        ),
        ignored=tuple(
            (role, column, count(records))
            for role, report in run.data.get("files", {}).items()
            for column, records in report.get("ignored_columns", {}).items()
        ),
        cut=tuple(cut[:LISTED]),
        cut_total=len(cut),
        unended=tuple(
            (words.open("split", split), report["unended"])
            for split, report in encoded.items()
            if report["unended"]
        ),
        dropped=tuple(Counter(words.reason(row["reason"]) for row in dropped).most_common()),
        dropped_rows=tuple(
            (words.reason(row["reason"]), str(row.get("id", "")), str(row.get("text", "")))
            for row in dropped[:LISTED]
        ),
        leaks=tuple(_leak(row, words) for row in leaks[:LISTED]),
        leaks_total=len(leaks),
    )


def _splits(run: RunRecords, encoded: Mapping[str, Mapping[str, Any]], words: Words) -> tuple[SplitRow, ...]:
    learned = [_split(run, name, encoded.get(name), words) for name in ("train", "validation")]
    # Test sets are encoded one prompt at a time, so nothing of theirs is counted in tokens.
    tests = [
        SplitRow(f"test/{test}", count(run.count(f"test.{test}")), DASH, DASH, DASH, DASH)
        for test in run.tests
    ]
    return (*learned, *tests)


def _split(run: RunRecords, name: str, encoded: Mapping[str, Any] | None, words: Words) -> SplitRow:
    records = count(run.count(name))
    if encoded is None:
        return SplitRow(words.open("split", name), records, DASH, DASH, DASH, DASH)
    return SplitRow(
        words.open("split", name),
        records,
        count(encoded["tokens"]),
        count(encoded["supervised_tokens"]),
        count(encoded["longest"]),
        count(len(encoded["cut"])),
    )


def _leak(row: Mapping[str, Any], words: Words) -> Leak:
    return Leak(
        words.open("split", row["held_out"]),
        row["id"],
        words.open("split", row["seen_in"]),
        row["seen_id"],
        number(row["similarity"]),
        row.get("text", ""),
    )
