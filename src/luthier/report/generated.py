"""New examples from a model: how many were asked for and kept, why others were not, and some of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice

from luthier.files import read_jsonl
from luthier.report.formatting import count
from luthier.report.source import RunRecords
from luthier.report.words import Words

SHOWN = 5
"""New examples that the page shows."""

_REPEATS = ("equal to ", "nearly ")
_OF_SET = "a record of "
_ANSWER = "answer: "


@dataclass(frozen=True, slots=True)
class NewExample:
    """A new example as it joined training."""

    id: str
    target: str
    text: str


@dataclass(frozen=True, slots=True)
class Generated:
    """The section.

    Attributes:
        writer: Who wrote.
        kept: New examples.
        wanted: New examples asked for.
        requests: Requests answered.
        tokens: Of all replies.
        labels: Label and number of new examples.
        left_out: Reason and number of replies that were not kept.
        stopped: Why asking ended before there were enough; empty where it did not.
        examples: At most `SHOWN`.
    """

    writer: str
    kept: str
    wanted: str
    requests: str
    tokens: str
    labels: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str], ...]
    stopped: str
    examples: tuple[NewExample, ...]


def generated(run: RunRecords, words: Words) -> Generated | None:
    """Builds the section; None where the run asked for no new examples."""
    path = run.folder.data / "generated.json"
    if not path.exists():
        return None
    report = run.folder.read(path)
    rows = islice(read_jsonl(run.folder.data / "generated.jsonl"), SHOWN)
    return Generated(
        writer=report["writer"],
        kept=count(report["kept"]),
        wanted=count(report["wanted"]),
        requests=count(report["requests"]),
        tokens=count(report["tokens"]),
        labels=tuple((label, count(number)) for label, number in report["labels"].items()),
        left_out=tuple(
            (_reason(reason, words), count(number)) for reason, number in report["left_out"].items()
        ),
        stopped="" if report["stopped"] == "enough" else words.open("stopped", report["stopped"]),
        examples=tuple(_example(row) for row in rows),
    )


def _example(row: dict[str, object]) -> NewExample:
    columns = ("label", "labels", "aspects", "entities", "output")
    target = next((row[name] for name in columns if name in row), "")
    told = target if isinstance(target, str) else json.dumps(target, ensure_ascii=False)
    return NewExample(str(row["id"]), told, str(row.get("text") or row.get("input") or ""))


def _reason(reason: str, words: Words) -> str:
    """Names a reason in the page's language; those about a test set carry its name."""
    if reason.startswith(_ANSWER):
        kind = words.open("kind", reason.removeprefix(_ANSWER))
        return f"{words.open('unkept', _ANSWER.strip())} {kind}"
    for repeats in _REPEATS:
        if reason.startswith(repeats + _OF_SET):
            name = reason.removeprefix(repeats + _OF_SET)
            return words.open("unkept", f"{repeats}{_OF_SET}".strip()).format(set=name)
    return words.open("unkept", reason)
