"""What cleaning did, in numbers and examples. Reports of parts add up to the report of the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from luthier.data.cleaning.clean import Cleaned
from luthier.tasks import Example

SHOWN = 5
"""Records that a report shows of each rule and reason."""

_WIDTH = 200
_LEAD = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """A record that a rule changed, or that was left out for a reason.

    Attributes:
        id: The record's id.
        origin: Where it was read.
        before: Its text as it was, from a little before the first change; the beginning of one left out.
        after: The same place of its text as it is; empty where the record is left out.
    """

    id: str
    origin: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class CleanReport:
    """What became of records, part of them or all.

    Attributes:
        read: Records that came in.
        kept: Records that went out.
        touched: Records that went out changed by any rule.
        changed: Records that each rule changed, by its name in the recipe. A record may stand under several.
        dropped: Records left out, by reason.
        shown: By rule or reason, the first few of its records.
    """

    read: int = 0
    kept: int = 0
    touched: int = 0
    changed: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    shown: Mapping[str, tuple[Shown, ...]] = field(default_factory=dict)

    def merge(self, other: CleanReport) -> CleanReport:
        """Returns the report of these records and then the other's, as one pass over both would write it."""
        names = dict.fromkeys([*self.shown, *other.shown])
        shown = {name: (*self.shown.get(name, ()), *other.shown.get(name, ()))[:SHOWN] for name in names}
        return CleanReport(
            self.read + other.read,
            self.kept + other.kept,
            self.touched + other.touched,
            _sum(self.changed, other.changed),
            _sum(self.dropped, other.dropped),
            shown,
        )

    def to_json(self) -> dict[str, Any]:
        """Returns the report as a JSON value."""
        return asdict(self)


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    names = dict.fromkeys([*one, *other])
    return {name: one.get(name, 0) + other.get(name, 0) for name in names}


class Tally:
    """Counts what becomes of one record after the other, and keeps the first few to show."""

    def __init__(self) -> None:
        self._read = self._kept = self._touched = 0
        self._changed: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._shown: dict[str, list[Shown]] = {}

    def add(self, before: Example, found: Cleaned) -> None:
        """Counts one record."""
        self._read += 1
        if found.example is None:
            self._dropped[found.reason] += 1
            self._show(found.reason, before, "")
            return
        self._kept += 1
        self._touched += bool(found.rules)
        for rule in found.rules:
            self._changed[rule] += 1
            self._show(rule, before, found.example.text)

    def _show(self, name: str, before: Example, after: str) -> None:
        rows = self._shown.setdefault(name, [])
        if len(rows) < SHOWN:
            at = _first_difference(before.text, after) if after else 0
            start = 0 if at < _WIDTH // 2 else at - _LEAD
            texts = (_excerpt(text, start) for text in (before.text, after))
            rows.append(Shown(before.id, before.origin, *texts))

    def report(self) -> CleanReport:
        """Returns the report of all records counted so far."""
        shown = {name: tuple(rows) for name, rows in self._shown.items()}
        return CleanReport(
            self._read, self._kept, self._touched, dict(self._changed), dict(self._dropped), shown
        )


def _first_difference(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _excerpt(text: str, start: int) -> str:
    """Cuts a piece out of a text, letter for letter: white space is what may have changed."""
    end = start + _WIDTH
    return f"{'…' * (start > 0)}{text[start:end]}{'…' * (end < len(text))}"
