"""The stage: examples in, each but once out, and a record of what was left out and what contradicts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import tee
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from luthier.data.comparison import context_key, target_key
from luthier.data.dedup.copies import Copies, find_copies
from luthier.data.dedup.spool import Spool
from luthier.data.duplicates import content
from luthier.data.examples import Examples
from luthier.data.journal import Journal, ToRecord
from luthier.data.options import DuplicateMode
from luthier.data.removal import Conflict
from luthier.heap import give_back_memory
from luthier.tasks import Example, target_to_json
from luthier.text import shorten


@dataclass(frozen=True, slots=True)
class DedupReport:
    """What the stage did.

    Attributes:
        read: Records that came in.
        kept: Records that went out.
        counts: Records that repeat an earlier one, `equal` and `near` ones, `left out` and `kept`.
        conflicts: Equal texts with different targets, those that repeat another record left out.
    """

    read: int
    kept: int
    counts: Mapping[str, int] = field(default_factory=dict)
    conflicts: Sequence[Conflict] = ()

    def to_json(self) -> dict[str, Any]:
        """Returns the report as a JSON value."""
        return asdict(self)


def drop_copies(
    examples: Examples,
    to_record: ToRecord,
    mode: DuplicateMode = "near",
    *,
    path: Path | None = None,
    target: Callable[[Example], str] = target_key,
    contradict: bool = True,
    dropped: Journal | None = None,
) -> tuple[Examples, DedupReport]:
    """Leaves out examples that repeat an earlier one: an equal or near text, with context and target alike.

    An equal text with another target stays: which of the two is right is for a person to say. For files of
    any length: `find_copies` says how, and what it needs.

    Args:
        examples: Read twice.
        to_record: Writes an example into the journal.
        mode: Which go: `near` and equal ones, `equal` ones alone, or none (`report`).
        path: The Arrow file that takes what is kept; None for a temporary one.
        target: Writes a target so that equal texts mean the same.
        contradict: Whether different targets of equal texts are conflicts.
        dropped: Takes every record left out: id, origin, reason, id and origin of the one that it repeats,
            their similarity, the record.
    """
    with TemporaryDirectory(prefix="luthier-dedup-") as name, Spool(Path(name) / "notes") as notes:
        texts, targets, contexts = tee(_noted(examples, notes), 3)
        copies = find_copies(
            map(content, texts),
            map(target, targets),
            map(repr, map(context_key, contexts)),
            folder=Path(name),
        )
        notes.finish()
        give_back_memory()
        dropping = _Dropping(to_record, mode, copies, notes, dropped, contradict)
        kept = Examples.write(dropping.run(examples), path)
    return kept, dropping.report(len(kept))


def _noted(examples: Iterable[Example], notes: Spool) -> Iterator[Example]:
    for example in examples:
        notes.append(json.dumps(_note(example)))
        yield example


def _note(example: Example) -> dict[str, Any]:
    return {"id": example.id, "origin": example.origin, "target": target_to_json(example.target)}


class _Dropping:
    """One pass; counts and notes as it goes."""

    def __init__(
        self,
        to_record: ToRecord,
        mode: DuplicateMode,
        copies: Copies,
        notes: Spool,
        journal: Journal | None,
        contradict: bool,
    ) -> None:
        self._to_record = to_record
        self._goes = {"near": ("equal", "near"), "equal": ("equal",), "report": ()}[mode]
        self._copies = copies
        self._notes = notes
        self._journal = journal
        self._contradicts = contradict
        self._counts: Counter[str] = Counter()
        self._texts: dict[int, str] = {}
        self._records: dict[int, list[dict[str, Any]]] = {}

    def run(self, examples: Iterable[Example]) -> Iterator[Example]:
        for row, example in enumerate(examples):
            reason = self._reason(row)
            goes = reason in self._goes
            if reason:
                self._counts[f"{reason}, {'left out' if goes else 'kept'}"] += 1
            if goes:
                self._drop(example, reason, row)
                continue
            if self._contradicts and self._copies.rival[row] >= 0:
                self._contradict(example, int(self._copies.rival[row]))
            yield example

    def report(self, kept: int) -> DedupReport:
        conflicts = [Conflict(self._texts[row], tuple(found)) for row, found in self._records.items()]
        return DedupReport(len(self._copies.of), kept, dict(self._counts), conflicts)

    def _reason(self, row: int) -> str:
        if self._copies.equal_to[row] != row:
            return "equal"
        return "" if self._copies.of[row] == row else "near"

    def _other(self, row: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._notes.read([row])[0])
        return found

    def _drop(self, example: Example, reason: str, row: int) -> None:
        if self._journal is None:
            return
        # Where near ones stay, an equal one repeats the first of its own.
        near = "near" in self._goes
        other = self._other(int(self._copies.of[row] if near else self._copies.equal_to[row]))
        self._journal.add(
            {
                "id": example.id,
                "origin": example.origin,
                "stage": "duplicates",
                "reason": reason,
                "of": {"id": other["id"], "origin": other["origin"]},
                "similarity": round(float(self._copies.similarity[row]), 4) if near else 1.0,
                "record": self._to_record(example),
            }
        )

    def _contradict(self, example: Example, rival: int) -> None:
        records = self._records.setdefault(rival, [self._other(rival)])
        records.append(_note(example))
        self._texts.setdefault(rival, shorten(content(example), 200))
