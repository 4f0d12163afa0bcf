"""`Examples`: examples at rest in Arrow, memory-mapped: a million need no more memory than a thousand."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkstemp
from typing import TYPE_CHECKING, Any, overload

from luthier.files import atomic_path
from luthier.tasks import Example, Turn, target_from_json, target_to_json

if TYPE_CHECKING:
    import datasets
    import pyarrow

_BATCH = 1000
_ROWS = 10_000
"""Rows of a batch in the file: of each batch, mapping the file touches a page or so."""

_CHARACTERS = 4_000_000
_Identity = tuple[int, int, int, int]
_TEXT_COLUMNS = (
    "id",
    "text",
    "target",
    "text_pair",
    "instruction",
    "history",
    "reasons",
    "language",
    "domain",
    "group",
    "origin",
)


class Examples(Sequence[Example]):
    """A sequence of examples over a `datasets.Dataset` with fixed columns.

    Target, history and reasons stand as JSON text, so that the columns are the same for every task.

    Args:
        dataset: A dataset that another `Examples` wrote.
    """

    def __init__(self, dataset: datasets.Dataset) -> None:
        self.dataset = dataset
        self._file: tuple[Path, _Identity] | None = None

    @classmethod
    def of(cls, examples: Iterable[Example]) -> Examples:
        """Holds a few examples in memory."""
        import datasets
        import pyarrow

        table = pyarrow.Table.from_pylist([_to_row(example) for example in examples], schema=_schema())
        return cls(datasets.Dataset(table))

    @classmethod
    def write(cls, examples: Iterable[Example], path: Path | None = None) -> Examples:
        """Writes examples to an Arrow file as they come, and maps it.

        Args:
            examples: Read once, in batches.
            path: The file; None for a temporary one that lives as long as the process.
        """
        import pyarrow

        if path is None:
            path = scratch_file(".arrow")
        with (
            atomic_path(path) as temporary,
            pyarrow.OSFile(str(temporary), "wb") as sink,
            pyarrow.ipc.new_stream(sink, _schema()) as writer,
        ):
            for batch in in_batches(examples, _ROWS):
                rows = [_to_row(example) for example in batch]
                writer.write_batch(pyarrow.RecordBatch.from_pylist(rows, schema=_schema()))
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> Examples:
        """Maps a file that `save` or `write` wrote."""
        import datasets

        examples = cls(datasets.Dataset.from_file(str(path)))
        identity = _identity(path)
        examples._file = None if identity is None else (path, identity)
        return examples

    def save(self, path: Path) -> None:
        """Writes the examples to an Arrow file, atomically."""
        self.write(self, path)

    def select(self, indices: Iterable[int]) -> Examples:
        """Returns the examples at `indices`, in that order, without copying them."""
        return Examples(self.dataset.select(list(indices)))

    def joined(self, others: Examples) -> Examples:
        """Returns these examples and then the others, without copying them."""
        import datasets

        return Examples(datasets.concatenate_datasets([self.dataset, others.dataset]))

    def map_examples(self, function: Callable[[Example], Example], path: Path | None = None) -> Examples:
        """Returns what `function` makes of every example, written to `path` (None: a temporary file)."""
        return self.write((function(example) for example in self), path)

    def to_records(self) -> Iterator[dict[str, Any]]:
        """Yields each example as a JSON object without its empty fields."""
        for example in self:
            record = {"id": example.id, "text": example.text, "target": target_to_json(example.target)}
            rest = {
                "text_pair": example.text_pair,
                "instruction": example.instruction,
                "history": [{"role": turn.role, "content": turn.content} for turn in example.history],
                "reasons": dict(example.reasons),
                "language": example.language,
                "domain": example.domain,
                "group": example.group,
                "weight": None if example.weight == 1.0 else example.weight,
                "origin": example.origin,
            }
            yield record | {key: value for key, value in rest.items() if value}

    def __len__(self) -> int:
        return len(self.dataset)

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> Examples: ...
    def __getitem__(self, index: int | slice) -> Example | Examples:
        if isinstance(index, slice):
            return self.select(range(*index.indices(len(self))))
        return _from_row(self.dataset[int(index)])

    def __iter__(self) -> Iterator[Example]:
        for columns in self._columns():
            for values in zip(*columns.values(), strict=True):
                yield _from_row(dict(zip(columns, values, strict=True)))

    def _columns(self) -> Iterator[dict[str, list[Any]]]:
        """Yields the rows in batches, column by column."""
        import pyarrow

        if self._file is not None and _identity(self._file[0]) == self._file[1]:
            # Read and not mapped: what was touched of a map counts as this process's memory.
            with (
                pyarrow.OSFile(str(self._file[0])) as source,
                pyarrow.ipc.open_stream(source) as reader,
            ):
                for batch in reader:
                    yield batch.to_pydict()
            return
        for start in range(0, len(self), _BATCH):
            yield self.dataset[start : start + _BATCH]


def in_batches(examples: Iterable[Example], size: int = _BATCH) -> Iterator[list[Example]]:
    """Yields examples in lists of `size`, fewer where they are long: some million characters at most."""
    batch: list[Example] = []
    characters = 0
    for example in examples:
        batch.append(example)
        characters += len(example.text)
        if len(batch) == size or characters > _CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def scratch_file(suffix: str) -> Path:
    """Returns an empty temporary file that lives as long as the process."""
    handle, name = mkstemp(suffix=suffix, dir=_scratch().name)
    os.close(handle)
    return Path(name)


def _identity(path: Path) -> _Identity | None:
    """Returns what tells a file from another one of its name; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@cache
def _scratch() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="luthier-", ignore_cleanup_errors=True)


@cache
def _schema() -> pyarrow.Schema:
    import pyarrow

    texts = [(name, pyarrow.string()) for name in _TEXT_COLUMNS]
    return pyarrow.schema([*texts, ("weight", pyarrow.float64())])


def _to_row(example: Example) -> dict[str, Any]:
    return {
        "id": example.id,
        "text": example.text,
        "target": None if example.target is None else _json(target_to_json(example.target)),
        "text_pair": example.text_pair,
        "instruction": example.instruction,
        # Most examples have neither, and a million times writing and reading nothing takes a minute.
        "history": _json([[turn.role, turn.content] for turn in example.history])
        if example.history
        else "[]",
        "reasons": _json(dict(example.reasons)) if example.reasons else "{}",
        "language": example.language,
        "domain": example.domain,
        "group": example.group,
        "origin": example.origin,
        "weight": example.weight,
    }


def _from_row(row: dict[str, Any]) -> Example:
    target, history, reasons = row["target"], row["history"], row["reasons"]
    return Example(
        id=row["id"],
        text=row["text"],
        target=None if target is None else target_from_json(json.loads(target)),
        text_pair=row["text_pair"],
        instruction=row["instruction"],
        history=() if history == "[]" else tuple(Turn(*turn) for turn in json.loads(history)),
        reasons={} if reasons == "{}" else json.loads(reasons),
        language=row["language"],
        domain=row["domain"],
        group=row["group"],
        weight=row["weight"],
        origin=row["origin"],
    )


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
