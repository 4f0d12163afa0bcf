"""Reading one data file: records become examples, and every bad record is named."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from luthier.data.dialogues import normalise_dialogue
from luthier.data.examples import Examples
from luthier.data.options import ReadOptions
from luthier.data.raw import RawRecord, SourceError
from luthier.data.sources import is_table, read_records, resolve
from luthier.errors import MAX_LISTED, DataError, Problem
from luthier.tasks import Example, RecordError, Task
from luthier.tasks.record import COMMON_COLUMNS, is_missing, listed
from luthier.text import nearest

_PEEK = 100
_TEXT_NAMES = (
    "review",
    "sentence",
    "content",
    "comment",
    "body",
    "question",
    "title",
    "正文",
    "文本",
    "内容",
    "评论",
)
_LABEL_NAMES = (
    "sentiment",
    "category",
    "class",
    "target",
    "stars",
    "rating",
    "intent",
    "topic",
    "标签",
    "类别",
)
ALIASES: Mapping[str, tuple[str, ...]] = {
    "text": _TEXT_NAMES,
    "text_pair": ("hypothesis", "sentence2", "text2", "question2", "text_b"),
    "label": _LABEL_NAMES,
    "labels": ("tags", "topics", "categories", "emotions"),
    "aspects": ("sentiments", "aspect_sentiments"),
    "entities": ("spans", "ner", "annotations"),
    "input": ("article", "document", "source", "question", "prompt", "text", "context"),
    "messages": ("conversation", "dialog", "dialogs", "dialogue", "dialogues", "chat", "turns"),
    "output": ("summary", "target", "answer", "response", "completion", "title", "highlights"),
}
"""Names under which other people's files have our columns."""

TARGET_COLUMNS = ("label", "labels", "aspects", "entities", "output")
"""Columns that unlabelled records may do without."""


@dataclass(frozen=True, slots=True)
class ReadReport:
    """What reading one file did.

    Attributes:
        source: The file, folder or hub id.
        records: How many records became examples: all of them, as a file with a bad record is refused.
        ignored_columns: Columns that the task has no use for, and how many records have them.
    """

    source: str
    records: int
    ignored_columns: Mapping[str, int] = field(default_factory=dict)


def read_examples(
    path: str,
    task: Task,
    options: ReadOptions,
    *,
    base_dir: Path,
    labelled: bool = True,
    workdir: Path | None = None,
    name: str = "examples",
    stage: Callable[[Iterable[Example]], Iterable[Example]] | None = None,
) -> tuple[Examples, ReadReport]:
    """Reads a data file record by record into an Arrow file.

    Args:
        path: File, saved dataset folder or hub id, relative to `base_dir`.
        task: What a record has to fit.
        options: Columns, labels, encoding and split.
        base_dir: The recipe's folder.
        labelled: Whether targets are required; where False, targets that are present are ignored.
        workdir: Folder for the Arrow file; None for a temporary one.
        name: Stem of the Arrow file.
        stage: What examples pass through on their way into the file, which may change some or leave them out.

    Raises:
        DataError: Listing every problem of the file.
    """
    reading = Reading.open(path, task, options, base_dir=base_dir, labelled=labelled)
    target = None if workdir is None else workdir / f"{name}.arrow"
    examples = Examples.write(reading if stage is None else stage(reading), target)
    reading.finish()
    return examples, reading.report


class Reading:
    """One pass over one file: yields examples until the first problem, then only collects problems.

    Args:
        path: The file as the user named it.
        source: Where it is.
        task: What a record has to fit.
        options: Columns, labels, encoding and split.
        labelled: Whether targets are required.
    """

    def __init__(
        self, path: str, source: Path | str, task: Task, options: ReadOptions, labelled: bool
    ) -> None:
        self.path = path
        self.source = source
        self.file = source if isinstance(source, Path) else Path(source)
        self.task = task
        self.options = options
        self.labelled = labelled
        self.problems: list[Problem] = []
        self.total = 0
        self.records = 0
        self.ignored: Counter[str] = Counter()
        self._known = {*task.columns, *COMMON_COLUMNS}
        # Hashes alone: a million ids as text would take 200 MB.
        self._ids = array("q")
        stem = self.file.name.split(".")[0]
        self._stem = stem or "record"

    @classmethod
    def open(
        cls, path: str, task: Task, options: ReadOptions, *, base_dir: Path, labelled: bool = True
    ) -> Reading:
        """Finds the file; the arguments are those of `read_examples`.

        Raises:
            DataError: Where there is no such file.
        """
        try:
            return cls(path, resolve(path, base_dir), task, options, labelled)
        except SourceError as error:
            raise DataError(f"{path} cannot be read:", [error.problem]) from error

    def finish(self) -> None:
        """Tells what was wrong with the file, once all of it is read.

        Raises:
            DataError: Listing every problem of the file.
        """
        if not self.total and not self.records:
            self.add(Problem("holds no records", file=self.file, allowed="at least one"))
        if self.total and not self.records:
            raise DataError(f"{self.path} cannot be read:", self.problems, total=self.total)
        if self.total:
            summary = f"{self.path}: {self.total} {'problem' if self.total == 1 else 'problems'}"
            records = "1 record" if self.records == 1 else f"{self.records} records"
            names = "map their names with `columns` and `label_map` in the recipe's `data`"
            hint = f"correct the records, or {names}"
            raise DataError(f"{summary} in {records}:", self.problems, hint, self.total)

    def has_targets(self) -> bool:
        """Tells from the first records whether the file is a labelled one; reads nothing else."""
        (target,) = set(self.task.columns) & set(TARGET_COLUMNS)
        try:
            head = list(islice(self._records(), _PEEK))
            self._settle_columns(head)
            for item in head:
                if isinstance(item, RawRecord) and not is_missing(self._mapped(item.values).get(target)):
                    return True
        except (SourceError, RecordError):  # told when the file is read
            return True
        finally:
            self.ignored.clear()
        return False

    @property
    def report(self) -> ReadReport:
        """What was read."""
        return ReadReport(str(self.source), self.records, dict(self.ignored))

    def add(self, problem: Problem) -> None:
        """Notes a problem; the first 20 are kept, the others counted."""
        self.total += 1
        if len(self.problems) < MAX_LISTED:
            self.problems.append(problem if problem.file else replace(problem, file=self.file))

    def __iter__(self) -> Iterator[Example]:
        try:
            yield from self._examples()
        except SourceError as error:
            self.add(error.problem)

    def _examples(self) -> Iterator[Example]:
        raw = self._records()
        head = list(islice(raw, _PEEK))
        self._settle_columns(head)
        if self._columns_missing([item for item in head if isinstance(item, RawRecord)]):
            return
        for item in chain(head, raw):
            self.records += 1
            if isinstance(item, Problem):
                self.add(item)
                continue
            example = self._example(item)
            if example is not None and not self.total:
                yield example
        self._check_ids()

    def _example(self, raw: RawRecord) -> Example | None:
        try:
            record = self._mapped(raw.values)
            id = self._id(record, self.records)
            if id is None:
                found = f"is {record['id']!r}"
                self.add(Problem(found, line=raw.line, field="id", allowed="a text or a number"))
            else:
                self._ids.append(hash(id))
            return self.task.example(
                record, id=id or "", origin=f"{self.file.name}:{raw.line}", labelled=self.labelled
            )
        except RecordError as error:
            for problem in error.problems:
                self.add(replace(problem, line=raw.line, field=self._column(problem.field)))
            return None

    def _mapped(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Returns the record under our names: columns, dialogue form, labels."""
        columns = self.options.columns
        renamed = {*columns, *columns.values()}
        record = {name: value for name, value in values.items() if name not in renamed}
        record.update((ours, values[theirs]) for ours, theirs in columns.items() if theirs in values)
        if "history" in self.task.columns:
            record = dict(normalise_dialogue(record, self.labelled))
        self.ignored.update(name for name in record if name not in self._known)
        names = self.options.label_map
        return self.task.relabel(record, names) if names else record

    def _column(self, field: str) -> str:
        """Returns a field under the name that the user's file has for it."""
        head, dot, tail = field.partition(".")
        return self.options.columns.get(head, head) + dot + tail

    def _id(self, record: Mapping[str, Any], number: int) -> str | None:
        """Returns a record's id, by its number where it has none; None where it is no text or number."""
        value = record.get("id")
        if isinstance(value, bool | dict | list) or (isinstance(value, float) and not math.isfinite(value)):
            return None
        return f"{self._stem}-{number}" if is_missing(value) else str(value)

    def _check_ids(self) -> None:
        """Notes ids that stand twice; only where there seem to be any is the file read once more."""
        import numpy as np

        hashes = np.sort(np.asarray(self._ids))
        again = set(hashes[1:][hashes[1:] == hashes[:-1]].tolist())
        del hashes
        self._ids = array("q")
        lines: dict[str, int] = {}
        ignored = self.ignored.copy()
        for number, item in enumerate(self._records() if again else (), start=1):
            if isinstance(item, Problem):
                continue
            try:
                id = self._id(self._mapped(item.values), number)
            except RecordError:
                continue
            if id is None or hash(id) not in again:
                continue
            if id in lines:
                found = f"{id!r} is the id of line {lines[id]} too"
                self.add(
                    Problem(found, line=item.line, field="id", allowed="an id of its own for each record")
                )
            else:
                lines[id] = item.line
        self.ignored = ignored

    def _records(self) -> Iterator[RawRecord | Problem]:
        return read_records(self.source, self.options.encoding, self.options.split)

    def _settle_columns(self, head: Sequence[RawRecord | Problem]) -> None:
        """Leaves names as they are where a file has ours and none of those that a recipe maps to them.

        `luthier clean` and its kind write our names; the recipe of the file that they were given reads on.
        """
        columns = self.options.columns
        found = {name for item in head if isinstance(item, RawRecord) for name in item.values}
        theirs = set(columns.values()) - columns.keys()
        # A name that is nearly one of the file's is misspelt, and told.
        if columns.keys() <= found and not any(nearest(name, found - columns.keys()) for name in theirs):
            self.options = self.options.model_copy(update={"columns": {}})

    def _columns_missing(self, head: list[RawRecord]) -> bool:
        """Notes required columns that none of the first records has; that is one mistake, not thousands."""
        found = list(dict.fromkeys(name for item in head for name in item.values))
        if not head:
            return False
        required = [
            name
            for name, needed in self.task.columns.items()
            if needed and (self.labelled or name not in TARGET_COLUMNS)
        ]
        for ours, theirs in self.options.columns.items():
            # Records may do without an optional column, unless its name is only misspelt.
            if theirs not in found and (ours in required or nearest(theirs, found)):
                self.add(self._no_column(theirs, ours, found))
        present = set(self._mapped_names(head))
        for name in required:
            if name not in present and name not in self.options.columns:
                self.add(self._no_column(name, name, found))
        return bool(self.total)

    def _mapped_names(self, head: list[RawRecord]) -> Iterator[str]:
        for item in head:
            try:
                yield from self._mapped(item.values)
            except RecordError:  # a broken dialogue is reported as what it is when its turn comes
                yield from self.task.columns
        self.ignored.clear()

    def _no_column(self, theirs: str, ours: str, found: list[str]) -> Problem:
        alike = [name for name in found if name.casefold() in ALIASES.get(ours, ())]
        # A column that is known for something else is not the one that is missing.
        free = [name for name in found if name == ours or name not in self._known]
        guess = nearest(theirs, free) or (alike[0] if alike else None)
        meant = ours
        if guess is None and "history" in self.task.columns:
            meant = "messages"
            guess = next((name for name in found if name.casefold() in ALIASES[meant]), None)
        columns = f"{{{meant if guess else ours}: {guess or '...'}}}"
        hint = f"write `columns: {columns}` in the recipe's `data`, or rename it"
        if guess:
            hint = f"did you mean {guess!r}? {hint}"
        elif is_table(self.file):
            hint += "; the first line of a table names its columns"
        return Problem(f"no column {theirs!r}", field=ours, allowed=f"one of {listed(found)}", hint=hint)
