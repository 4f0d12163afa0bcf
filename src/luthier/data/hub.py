"""Hugging Face datasets: saved folders, folders of files, and hub ids."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import Problem

if TYPE_CHECKING:
    from luthier.data.sources import RawRecord


def read_dataset(source: Path | str, split: str | None) -> Iterator[RawRecord]:
    """Yields the rows of a dataset; numbers of a `ClassLabel` column become their names.

    Nothing is copied into the cache of `datasets`, so a changed folder is never read as it was.

    Raises:
        SourceError: Where the dataset or the split cannot be found.
    """
    from luthier.data.sources import RawRecord

    dataset = _open(source, split)
    names = {
        column: feature.names
        for column, feature in (dataset.features or {}).items()
        if hasattr(feature, "str2int")
    }
    for row, values in enumerate(dataset, 1):
        yield RawRecord(row, _named(values, names) if names else values)


def _open(source: Path | str, split: str | None) -> Any:
    import datasets

    from luthier.data.sources import SourceError

    file = source if isinstance(source, Path) else None
    try:
        if file is not None and _is_saved(file):
            loaded = datasets.load_from_disk(str(file))
        else:
            loaded = datasets.load_dataset(str(source), streaming=True)
    # `datasets` raises many kinds for a missing, private, unreachable or unreadable dataset.
    except Exception as error:
        hint = "give a file, a folder written by `save_to_disk`, or a hub id that this machine can reach"
        what = "folder" if file else "hub dataset"
        # The class that the hub's client adds in brackets tells a user nothing.
        why = re.sub(r" \(\w+Error\)", "", str(error))
        raise SourceError(Problem(f"this {what} cannot be read: {why}", file=file, hint=hint)) from error
    if not isinstance(loaded, Mapping):
        return loaded
    if split in loaded:
        return loaded[split]
    if len(loaded) == 1 and split == "train":
        return next(iter(loaded.values()))
    problem = Problem(
        f"{source}: has no split {split!r}",
        allowed=", ".join(loaded),
        hint="name one with `split:` in the recipe",
    )
    raise SourceError(problem)


def _is_saved(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("dataset_dict.json", "state.json"))


def _named(values: Mapping[str, Any], names: Mapping[str, list[str]]) -> Mapping[str, Any]:
    found = dict(values)
    for column, labels in names.items():
        value = values.get(column)
        # Datasets write -1 where a row has no label.
        if isinstance(value, int):
            found[column] = labels[value] if 0 <= value < len(labels) else None
    return found
