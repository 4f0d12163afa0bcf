"""Taking a record apart, column by column, keeping every problem for one `RecordError`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from luthier.errors import Problem
from luthier.tasks.base import RecordError
from luthier.tasks.example import Example
from luthier.text import nearest, shorten

COMMON_COLUMNS = ("id", "language", "domain", "weight")
"""Optional columns of every record. `id` is the reader's business."""


def is_missing(value: Any) -> bool:
    """Tells whether a cell holds nothing: null, NaN or an empty string."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def as_name(value: Any) -> Any:
    """Turns what a file makes of a label back into the label: 1.0, true, " a" become "1", "true", "a"."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value


def parse_cell(value: Any) -> Any:
    """Reads a cell of a CSV file that holds a JSON object or list; other values stay as they are."""
    if _is_bracketed(value):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def parse_labels(value: Any) -> Any:
    """Reads several labels: a list, a JSON list in a cell, or a cell `a|b`. An empty cell is no label."""
    value = parse_cell(as_name(value))
    if isinstance(value, str):
        return [part.strip() for part in value.split("|") if part.strip()]
    if isinstance(value, Sequence):
        return [as_name(item) for item in value]
    return value


def rename_label(value: Any, names: Mapping[str, str]) -> Any:
    """Returns what `names` calls a label, spelt as in the file or trimmed; or the value as it is."""
    if isinstance(value, str) and value in names:
        return names[value]
    label = as_name(value)
    return names.get(label, value) if isinstance(label, str) else value


def json_hint(value: Any) -> str:
    """Returns advice for a cell with brackets that `parse_cell` could not read; empty for any other value."""
    return 'a cell holds JSON, names and texts in double quotes: {"a": "b"}' if _is_bracketed(value) else ""


def _is_bracketed(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and value.lstrip()[:1] in ("{", "[")


class RecordReader:
    """Reads the columns of one record; `finish` raises if any of them was wrong.

    Args:
        record: Column name to value.
    """

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.record = record
        self.problems: list[Problem] = []

    def add(self, field: str, message: str, allowed: str = "", hint: str = "") -> None:
        """Notes one problem."""
        self.problems.append(Problem(message, field=field, allowed=allowed, hint=hint))

    def finish(self) -> None:
        """Raises `RecordError` with every problem noted so far, if there is one."""
        if self.problems:
            raise RecordError(self.problems)

    def text(self, column: str, *, required: bool = True) -> str | None:
        """Returns a text as it stands; None where it is missing or (noted) not a text."""
        value = self.record.get(column)
        if is_missing(value) or (isinstance(value, str) and not value.strip()):
            if required:
                self.add(column, self._absence(column), allowed="a text")
            return None
        if not isinstance(value, str):
            self.add(column, f"is {describe(value)}", allowed="a text")
            return None
        return value

    def mapping(self, column: str, *, required: bool) -> Mapping[str, Any] | None:
        """Returns an object, or the JSON object that a cell holds; None where there is none."""
        value = parse_cell(self.record.get(column))
        if is_missing(value):
            if required:
                self.add(column, self._absence(column), allowed="an object, {} for none")
            return None
        if not isinstance(value, Mapping):
            found = f"is {describe(value)}"
            self.add(column, found, allowed="an object such as {...}", hint=json_hint(value))
            return None
        return value

    def sequence(self, column: str) -> Sequence[Any] | None:
        """Returns a list, or the JSON list that a cell holds; notes a problem and returns None otherwise."""
        value = parse_cell(self.record.get(column))
        if is_missing(value):
            self.add(column, self._absence(column), allowed="a list, [] for none")
            return None
        if isinstance(value, str) or not isinstance(value, Sequence):
            self.add(column, f"is {describe(value)}", allowed="a list such as [...]", hint=json_hint(value))
            return None
        return value

    def label(self, field: str, value: Any, labels: Sequence[str]) -> str | None:
        """Returns one of `labels`; notes a problem with the nearest spelling and returns None otherwise."""
        label = as_name(value)
        if isinstance(label, str) and label in labels:
            return label
        if not isinstance(label, str) or is_missing(label):
            self.add(field, f"is {describe(value)}", allowed=listed(labels))
            return None
        guess = nearest(label, labels)
        quoted = json.dumps(label, ensure_ascii=False)
        hint = f"`label_map: {{{quoted}: {guess or '...'}}}` reads it as one of them"
        if guess:
            hint = f"did you mean {guess!r}? {hint}"
        self.add(field, f"unknown label {shorten(label)!r}", allowed=listed(labels), hint=hint)
        return None

    def reasons(self, fields: Sequence[str]) -> dict[str, str]:
        """Returns the `reasons` object: why, by field name; notes names that are not among `fields`."""
        found: dict[str, str] = {}
        for name, value in (self.mapping("reasons", required=False) or {}).items():
            if is_missing(value):
                continue
            if name not in fields:
                guess = nearest(str(name), fields)
                self.add(
                    f"reasons.{name}",
                    f"names {str(name)!r}, which the task does not have",
                    allowed=listed(fields),
                    hint=f"did you mean {guess!r}?" if guess else "",
                )
            elif not isinstance(value, str):
                self.add(f"reasons.{name}", f"is {describe(value)}", allowed="a text")
            else:
                found[name] = value
        return found

    def common(self) -> dict[str, Any]:
        """Returns `language`, `domain` and `weight` as keyword arguments of an `Example`."""
        return {
            "language": self.text("language", required=False),
            "domain": self.text("domain", required=False),
            "weight": self._weight(),
        }

    def _absence(self, column: str) -> str:
        return "is empty" if column in self.record else "is missing"

    def _weight(self) -> float:
        value = self.record.get("weight")
        if value is None or is_missing(value):
            return 1.0
        try:
            weight = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            weight = math.nan
        if not (math.isfinite(weight) and weight > 0):
            self.add("weight", f"is {describe(value)}", allowed="a number above 0")
            return 1.0
        return weight


def common_columns(example: Example) -> dict[str, Any]:
    """Returns what `RecordReader.common` and `reasons` read, as columns; those that hold nothing left out."""
    reasons = dict(example.reasons)
    found: dict[str, Any] = {"reason": reasons.pop("", None), "reasons": reasons or None}
    found |= {"language": example.language, "domain": example.domain}
    found |= {"weight": None if example.weight == 1 else example.weight}
    return {name: value for name, value in found.items() if value is not None}


def describe(value: Any) -> str:
    """Says what a wrong value is, in words a newcomer understands, with the value itself."""
    if is_missing(value):
        return "empty"
    kinds = {bool: "the truth value", int: "the number", float: "the number", str: "the text"}
    kinds |= {dict: "an object", list: "a list", tuple: "a list"}
    if type(value) not in kinds:
        return f"of type {type(value).__name__}"
    return f"{kinds[type(value)]} {shorten(json.dumps(value, ensure_ascii=False, default=str), 40)}"


def listed(names: Sequence[str], most: int = 12) -> str:
    """Joins names for a message, the first `most` of them."""
    shown = ", ".join(name or '""' for name in names[:most])
    return shown if len(names) <= most else f"{shown}, ... ({len(names)} in all)"
