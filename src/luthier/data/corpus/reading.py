"""Documents out of a source's file, each with its line; what cannot be read is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from luthier.data.corpus.options import Source
from luthier.data.raw import RawRecord, SourceError
from luthier.data.sources import opened_text, read_records, resolve
from luthier.errors import MAX_LISTED, DataError, Problem
from luthier.text import nearest, shorten

_SECTION = "source"
_PEEK = 100
_USUAL_NAMES = (
    "text",
    "content",
    "body",
    "document",
    "article",
    "review",
    "sentence",
    "正文",
    "文本",
    "内容",
)


@dataclass(frozen=True, slots=True)
class RawDocument:
    """A document as the file has it.

    Attributes:
        line: 1-based line it begins in; for Parquet and datasets its row.
        text: Its text, empty where the record has none.
    """

    line: int
    text: str


def read_documents(source: Source) -> Iterator[RawDocument]:
    """Yields the documents of a source.

    Raises:
        DataError: After the last document, listing every problem of the file.
    """
    reading = _Reading(source)
    yield from reading
    if not reading.total and not reading.documents:
        reading.add(Problem("holds no documents", allowed="at least one"))
    if reading.total:
        hint = f"correct the file, or the source in the recipe that names it ({source.path.name})"
        raise DataError(f"{source.path} cannot be read:", reading.problems, hint, reading.total)


def check_sources(sources: Iterable[Source], folder: Path) -> list[Problem]:
    """Returns which files are missing before anything is read; `field` is the key in the recipe."""
    problems = []
    for number, source in enumerate(sources):
        if problem := _missing(source, folder):
            message = f"{problem.message}: {problem.file}"
            problems.append(Problem(message, field=f"sources.{number}.path", hint=problem.hint))
    return problems


def _missing(source: Source, folder: Path) -> Problem | None:
    try:
        found = resolve(str(source.path), folder)
    except SourceError as error:
        return error.problem
    if isinstance(found, Path):
        return None
    hint = "a dataset of the hub must be saved to a folder first"
    return Problem("no such file", file=folder / source.path, hint=hint)


class _Reading:
    """One pass over one file: yields documents until the first problem, then only collects problems."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self.total = 0
        self.documents = 0

    def add(self, problem: Problem) -> None:
        self.total += 1
        if len(self.problems) < MAX_LISTED:
            self.problems.append(problem if problem.file else replace(problem, file=self.source.path))

    def __iter__(self) -> Iterator[RawDocument]:
        is_plain = ".txt" in (self.source.path.suffix.lower(), Path(self.source.path.stem).suffix.lower())
        try:
            resolve(str(self.source.path), Path.cwd())
            found = self._plain_text() if is_plain else self._records()
            for document in found:
                self.documents += 1
                if not self.total:
                    yield document
        except SourceError as error:
            self.add(error.problem)

    def _plain_text(self) -> Iterator[RawDocument]:
        separator = self.source.separator
        with opened_text(self.source.path, self.source.encoding, section=_SECTION) as stream:
            begun, lines = 1, list[str]()
            for number, line in enumerate(stream, 1):
                ends = separator == "line" or (separator == "blank-line" and not line.strip())
                lines.append(line)
                if not ends:
                    continue
                if any(map(str.strip, lines)):
                    yield RawDocument(begun, "".join(lines))
                begun, lines = number + 1, []
            if any(map(str.strip, lines)):
                yield RawDocument(begun, "".join(lines))

    def _records(self) -> Iterator[RawDocument]:
        raw = read_records(self.source.path, self.source.encoding, "train", section=_SECTION)
        head = list(islice(raw, _PEEK))
        if self._column_missing([item for item in head if isinstance(item, RawRecord)]):
            return
        for item in chain(head, raw):
            if isinstance(item, Problem):
                self.add(item)
            elif self.source.column not in item.values:
                self.add(Problem(f"has no column {self.source.column!r}", line=item.line))
            else:
                text = self._text(item.values[self.source.column], item.line)
                if text is not None:
                    yield RawDocument(item.line, text)

    def _text(self, value: Any, line: int) -> str | None:
        if value is None or isinstance(value, str):
            return value or ""
        found = shorten(str(value), 40)
        self.add(Problem(f"is not a text: {found!r}", line=line, field=self.source.column, allowed="a text"))
        return None

    def _column_missing(self, head: list[RawRecord]) -> bool:
        """Says once, not for every record, that no record has the column."""
        names = list(dict.fromkeys(name for record in head for name in record.values))
        column = self.source.column
        if not head or column in names:
            return False
        known = [name for name in names if name.casefold() in _USUAL_NAMES]
        guess = nearest(column, names) or (known[0] if known else None)
        hint = f"write `column: {guess}` in the recipe's {_SECTION}" if guess else "name it with `column`"
        self.add(Problem(f"no record has a column {column!r}", allowed=", ".join(names), hint=hint))
        return True
