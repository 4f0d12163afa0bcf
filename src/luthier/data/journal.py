"""`Journal`: what the stages did to single records, row after row, in a file instead of in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from luthier.data.examples import scratch_file
from luthier.files import read_jsonl
from luthier.tasks import Example

ToRecord = Callable[[Example], dict[str, Any]]
"""Writes an example as a record under the names that a person knows; `Task.record` for one."""


class Rows(Protocol):
    """What takes rows."""

    def add(self, row: Mapping[str, Any]) -> None:
        """Adds a row of JSON values."""


class RowList:
    """A few rows in memory: those of a batch, before they go into a journal."""

    def __init__(self) -> None:
        self.rows: list[Mapping[str, Any]] = []

    def add(self, row: Mapping[str, Any]) -> None:
        """Adds a row of JSON values."""
        self.rows.append(row)


class Journal:
    """Rows in the order in which they were added.

    Args:
        path: The JSON Lines file, begun anew; None for a temporary one that lives as long as the process.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or scratch_file(".jsonl")
        self._count = 0
        self._stream = self.path.open("w", encoding="utf-8", newline="\n")

    def add(self, row: Mapping[str, Any]) -> None:
        """Adds a row of JSON values."""
        self._stream.write(json.dumps(row, ensure_ascii=False) + "\n")
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[dict[str, Any]]:
        self._stream.flush()
        return read_jsonl(self.path)
