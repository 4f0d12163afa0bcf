"""Hugging Face datasets: saved folders, folders of files, and hub ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from luthier.data.raw import RawRecord, SourceError
from luthier.errors import Problem


def read_dataset(source: Path | str, split: str | None) -> Iterator[RawRecord]:
    """Yields the rows of a dataset; numbers of a `ClassLabel` column become their names.

    Nothing is copied into the cache of `datasets`, so a changed folder is never read as it was.

    Raises:
        SourceError: Where the dataset or the split cannot be found.
    """
    dataset = _open(source, split)
    named = _naming(dataset.features or {})
    for row, values in enumerate(dataset, 1):
        yield RawRecord(row, named(values) if named else values)


def _open(source: Path | str, split: str | None) -> Any:
    import datasets

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


def _naming(feature: Any) -> Callable[[Any], Any] | None:
    """Returns what puts names for the class numbers in a value of this feature; None where it has none."""
    if hasattr(feature, "str2int"):
        # Datasets write -1 where a row has no label.
        names = dict(enumerate(feature.names))
        return lambda value: names.get(value) if isinstance(value, int) else value
    if isinstance(feature, Mapping):
        inside = {key: named for key, part in feature.items() if (named := _naming(part))}
        if not inside:
            return None
        return lambda value: (
            value and {key: inside[key](part) if key in inside else part for key, part in value.items()}
        )
    item = feature[0] if isinstance(feature, list) else getattr(feature, "feature", None)
    named = _naming(item) if item is not None else None
    return named and (lambda value: value and [named(part) for part in value])
