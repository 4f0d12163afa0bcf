"""Records of which nothing is known but that they have a text: every other column passes through as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from luthier.data.options import ReadOptions
from luthier.data.raw import RawRecord, SourceError
from luthier.data.sources import read_records, resolve
from luthier.errors import MAX_LISTED, DataError, Problem
from luthier.tasks import Example
from luthier.tasks.record import describe, is_missing, listed

TEXT = "text"
_GIVE_TASK = "name the task with --task TASK.yaml"


class PlainReading:
    """One pass over one file: yields examples whose target is the whole record, written as JSON.

    Args:
        path: File, saved dataset folder or hub id, relative to `base_dir`.
        options: Encoding and split.
        base_dir: Where relative paths start.

    Raises:
        DataError: Where there is no such file.
    """

    def __init__(self, path: str, options: ReadOptions, base_dir: Path) -> None:
        try:
            self._source = resolve(path, base_dir)
        except SourceError as error:
            raise DataError(f"{path} cannot be read:", [error.problem]) from error
        self._path = path
        self._options = options
        self._file = Path(self._source)
        self._problems: list[Problem] = []
        self._total = 0
        self._lacking = 0
        self.records = 0

    def __iter__(self) -> Iterator[Example]:
        try:
            for item in read_records(self._source, self._options.encoding, self._options.split):
                self.records += 1
                if isinstance(item, Problem):
                    self._add(item)
                elif (example := self._example(item)) is not None and not self._total:
                    yield example
        except SourceError as error:
            self._add(error.problem)

    def finish(self) -> None:
        """Tells what was wrong with the file, once all of it is read.

        Raises:
            DataError: Listing every problem of the file.
        """
        if not self._total and not self.records:
            self._add(Problem("holds no records", file=self._file, allowed="at least one"))
        if self._lacking and self._lacking == self._total == self.records:
            # Another name for the text is one mistake, not thousands.
            raise DataError(f"{self._path} cannot be cleaned:", [replace(self._problems[0], line=None)])
        if self._total:
            many = "1 problem" if self._total == 1 else f"{self._total} problems"
            raise DataError(f"{self._path} cannot be cleaned: {many}", self._problems, total=self._total)

    def _example(self, raw: RawRecord) -> Example | None:
        text = raw.values.get(TEXT)
        if "entities" in raw.values:
            found = "has offsets, which move when the text changes"
            self._add(Problem(found, line=raw.line, field="entities", hint=_GIVE_TASK))
        elif TEXT not in raw.values:
            self._lacking += 1
            found = f"is missing; the record has {listed(list(raw.values))}"
            self._add(Problem(found, line=raw.line, field=TEXT, allowed="a text", hint=_GIVE_TASK))
        elif not isinstance(text, str):
            self._add(Problem(f"is {describe(text)}", line=raw.line, field=TEXT, allowed="a text"))
        else:
            return self._read(raw, text)
        return None

    def _read(self, raw: RawRecord, text: str) -> Example | None:
        given = raw.values.get("id")
        id = f"{self._file.name.split('.')[0]}-{self.records}" if is_missing(given) else str(given)
        try:
            record = json.dumps(raw.values, ensure_ascii=False, default=_as_json)
        except TypeError as error:
            self._add(Problem(str(error), line=raw.line, allowed="values that JSON has"))
            return None
        return Example(id, text, record, origin=f"{self._file.name}:{raw.line}")

    def _add(self, problem: Problem) -> None:
        self._total += 1
        if len(self._problems) < MAX_LISTED:
            self._problems.append(problem if problem.file else replace(problem, file=self._file))


def plain_record(example: Example) -> dict[str, Any]:
    """Returns the record as it was read, with the text as it is now."""
    record: dict[str, Any] = json.loads(str(example.target))
    return {**record, TEXT: example.text}


def plain_key(example: Example) -> str:
    """Writes what a record says about its text: everything but its id."""
    rest = {
        name: value for name, value in json.loads(str(example.target)).items() if name not in ("id", TEXT)
    }
    return json.dumps(rest, sort_keys=True)


def _as_json(value: Any) -> str:
    """Writes what Parquet and datasets have and JSON has not."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a value of type {type(value).__name__} cannot be written to JSON Lines")
