"""Augmentation: how many copies there are, why others were not kept, and what some of them look like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from luthier.files import read_jsonl
from luthier.report.formatting import DASH, count, number
from luthier.report.source import RunRecords
from luthier.report.words import Words

SHOWN = 3
"""Copies by each augmenter that the page shows."""


@dataclass(frozen=True, slots=True)
class AugmenterRow:
    """What one augmenter made; a dash where it made nothing to measure."""

    name: str
    made: str
    refused: str
    distance: str


@dataclass(frozen=True, slots=True)
class ShownCopy:
    """A copy beside its original; `pieces` are its text cut up, each with whether it is new."""

    id: str
    augmenter: str
    original: str
    pieces: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Augmentation:
    """The section; `distinct` has a row for each n: its name, before, after, repeated."""

    augmenters: tuple[AugmenterRow, ...]
    distinct: tuple[tuple[str, ...], ...]
    copies: tuple[ShownCopy, ...]


def augmentation(run: RunRecords, words: Words) -> Augmentation | None:
    """Builds the section; None where the run made no copies."""
    report: Mapping[str, Any] | None = run.data.get("augmented")
    if report is None:
        return None
    rows = tuple(
        AugmenterRow(
            words.open("augmenter", name),
            count(made),
            words["list_comma"].join(
                f"{words.open('refused', reason)} {count(times)}"
                for reason, times in report["refused"].get(name, {}).items()
            )
            or DASH,
            number(report["edit_distance"].get(name)),
        )
        for name, made in report["made"].items()
    )
    distinct = tuple(
        (
            f"distinct-{order}",
            *(number(report["distinct"][of][f"distinct_{order}"]) for of in ("before", "after", "repeated")),
        )
        for order in (1, 2)
    )
    return Augmentation(rows, distinct, tuple(_copies(run, words)))


def _copies(run: RunRecords, words: Words) -> Iterator[ShownCopy]:
    shown: dict[str, list[dict[str, Any]]] = {}
    for copy in read_jsonl(run.folder.augmented):
        of_its_kind = shown.setdefault(copy["augmenter"], [])
        if len(of_its_kind) < SHOWN:
            of_its_kind.append(copy)
    wanted = {row["original"] for rows in shown.values() for row in rows}
    texts = {
        row["id"]: row["text"] for row in read_jsonl(run.folder.data / "train.jsonl") if row["id"] in wanted
    }
    for name, rows in shown.items():
        for row in rows:
            text = texts[row["original"]]
            pieces = tuple(
                (piece, True) if isinstance(piece, str) else (text[piece[0] : piece[1]], False)
                for piece in row["pieces"]
            )
            yield ShownCopy(row["id"], words.open("augmenter", name), text, pieces)
