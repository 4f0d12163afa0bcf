"""The data: how many records each split has, and everything that was dropped, cut or leaked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from luthier.files import read_jsonl
from luthier.report.formatting import DASH, count, number
from luthier.report.source import RunRecords
from luthier.report.words import Words

LISTED = 50
"""Rows of a list that the page shows at most; the folder's `data/` has all of them."""


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
class CleanedRow:
    """What one rule changed, or why records were left out, with an example.

    Attributes:
        name: The rule, or the reason.
        left_out: Whether its records are left out.
        records: How many in each of the sets.
        example: Place, text before, text after (empty where the record is left out); None for none.
    """

    name: str
    left_out: bool
    records: tuple[str, ...]
    example: tuple[str, str, str] | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A text, and of each record with it: split, id, target."""

    text: str
    records: tuple[tuple[str, str, str], ...]


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
        cleaned_sets: The sets that were cleaned.
        cleaned: A row a rule that changed something, a row a reason why records were left out.
        conflicts: Texts with different targets, at most `LISTED`.
        conflicts_total: How many there are.
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
    cleaned_sets: tuple[str, ...]
    cleaned: tuple[CleanedRow, ...]
    conflicts: tuple[Conflict, ...]
    conflicts_total: int
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
    cleaned: Mapping[str, Mapping[str, Any]] = run.data.get("cleaned", {})
    conflicts: Sequence[Mapping[str, Any]] = run.data.get("conflicts", ())
    dropped: Mapping[str, int] = run.data.get("dropped", {})
    leaks: Sequence[Mapping[str, Any]] = run.data.get("leaks", ())
    return DataSection(
        splits=_splits(run, encoded, words),
        stages=tuple(
            (words.open("stage", stage), words.reason(reason), count(number_of))
            for stage, reasons in run.data.get("counts", {}).items()
            if stage != "read"  # the table of splits tells this
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
        cleaned_sets=tuple(words.open("split", name) for name in cleaned),
        cleaned=tuple(_cleaned(cleaned, words)),
        conflicts=tuple(_conflict(row, words) for row in conflicts[:LISTED]),
        conflicts_total=len(conflicts),
        dropped=tuple((words.open("left_out", name), number) for name, number in dropped.items()),
        dropped_rows=tuple(_dropped_rows(run, words)),
        leaks=tuple(_leak(row, words) for row in leaks[:LISTED]),
        leaks_total=len(leaks),
    )


def _cleaned(cleaned: Mapping[str, Mapping[str, Any]], words: Words) -> Iterator[CleanedRow]:
    for key, group in (("changed", "rule"), ("dropped", "left_out")):
        for name in dict.fromkeys(name for report in cleaned.values() for name in report[key]):
            shown = [row for report in cleaned.values() for row in report["shown"].get(name, ())]
            yield CleanedRow(
                words.open(group, name if key == "changed" else f"clean, {name}"),
                key == "dropped",
                tuple(count(report[key].get(name, 0)) for report in cleaned.values()),
                (shown[0]["origin"], shown[0]["before"], shown[0]["after"]) if shown else None,
            )


def _conflict(row: Mapping[str, Any], words: Words) -> Conflict:
    records = (
        (words.open("split", item["split"]), item["id"], _target(item["target"])) for item in row["records"]
    )
    return Conflict(row["text"], tuple(records))


def _target(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _dropped_rows(run: RunRecords, words: Words) -> Iterator[tuple[str, str, str]]:
    path = run.folder.data / "dropped.jsonl"
    for row in islice(read_jsonl(path), LISTED) if path.exists() else ():
        record = row["record"]
        text = record.get("text") or record.get("input") or record.get("instruction") or ""
        yield words.open("left_out", f"{row['stage']}, {row['reason']}"), row["id"], text


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
