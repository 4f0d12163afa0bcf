"""Which texts may be near duplicates: MinHash, banded, on disk.

MinHash (Broder 1997) over character 5-grams, banded (Leskovec et al., Mining of Massive Datasets, 3.4): two
texts with Jaccard index s share one of 25 bands of 5 hashes with probability 1 - (1 - s^5)^25: 0.99995 at
0.8, 0.55 at 0.5, 0.06 at 0.3. Each band's keys stand in a file of their own and are grouped a part at a time,
so memory depends on the size of a part, not on the number of texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.data.dedup.spool import Spool, cut
from luthier.data.grams import gram_hashes_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BANDS = 25
ROWS = 5
"""Hashes of a band."""

_SEED = 0
_BYTES = 1 << 20
_TEXTS = 1 << 10
"""Bytes of text, and texts, that are hashed at once at most."""

_PART = 1 << 18
"""Keys that are grouped at once."""

_BLOCK = 1 << 13
"""First texts whose candidates stand in one file, and are made distinct at once."""

_NEAREST = 32
"""Of a larger group, each text is paired with the first so many and with so many before it.

What some thousand texts share a band of is a template. Pairs with its first members tell of all others that
they repeat it, and their number grows with the texts and not with the square.
"""


def write_bands(spool: Spool, rows: NDArray[Any], folder: Path) -> NDArray[np.int64]:
    """Writes the key of each band of each text to `band-<n>` in `folder`.

    Args:
        spool: The texts.
        rows: Positions of the texts to hash.
        folder: Takes a file for each band.

    Returns:
        The rows that were written, in order: those of 5 characters or more.
    """
    import numpy as np

    written = [np.empty(0, dtype=np.int64)]
    streams = [(folder / f"band-{band}").open("wb") for band in range(BANDS)]
    try:
        for part in cut(np.maximum(spool.sizes(rows), _BYTES // _TEXTS), _BYTES):
            hashes, bounds = gram_hashes_of(spool.read(rows[part].tolist()))
            # Without grams every digest is the same.
            some = np.flatnonzero(np.diff(bounds))
            written.append(rows[part][some])
            keys = _band_keys(hashes, np.unique(bounds))
            for stream, column in zip(streams, keys.T, strict=True):
                column.tofile(stream)
    finally:
        for stream in streams:
            stream.close()
    return np.concatenate(written)


def _band_keys(hashes: NDArray[np.uint64], bounds: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Returns the 64-bit keys of the bands, shape (texts, 25)."""
    import numpy as np
    from rensa import RMinHash

    if len(bounds) < 2:
        return np.empty((0, BANDS), dtype=np.uint64)
    offsets = bounds.astype(np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets, BANDS * ROWS, _SEED)
    digests = np.array(matrix.to_rows(), dtype=np.uint32).reshape(-1, BANDS, ROWS)
    keys = np.zeros(digests.shape[:2], dtype=np.uint64)
    for row in range(ROWS):
        keys = (keys ^ digests[:, :, row]) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    return keys


def groups(path: Path, rows: NDArray[Any]) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yields the texts whose keys are equal, a part of the keys at a time.

    Args:
        path: 64-bit keys, one for each of `rows`.
        rows: Positions of the texts, ascending.

    Yields:
        Positions, those of one group together and ascending; for each the index at which its group begins.
        Texts whose key nobody shares are left out.
    """
    import numpy as np

    parts = -(-len(rows) // _PART)
    for part in range(parts):
        keys, found = _keys_of_part(path, rows, part, parts)
        order = np.argsort(keys, kind="stable")
        keys, found = keys[order], found[order]
        new = np.concatenate([[True], keys[1:] != keys[:-1]]) if len(keys) else np.empty(0, dtype=bool)
        shared = ~(new & np.concatenate([new[1:], [True]])) if len(keys) else new
        found, new = found[shared], new[shared]
        if len(found):
            starts = np.flatnonzero(new)
            yield found, np.repeat(starts, np.diff([*starts, len(found)]))


def _keys_of_part(
    path: Path, rows: NDArray[Any], part: int, parts: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    import numpy as np

    keys, found, at = [], [], 0
    with path.open("rb") as stream:
        while len(read := np.fromfile(stream, dtype=np.uint64, count=_PART)):
            # The upper half of the key decides: keys are hashes, so parts are of like size.
            mine = ((read >> np.uint64(32)) * np.uint64(parts)) >> np.uint64(32) == part
            keys.append(read[mine])
            found.append(rows[at : at + len(read)][mine])
            at += len(read)
    return np.concatenate(keys), np.concatenate(found)


def write_candidates(rows: NDArray[Any], folder: Path) -> list[Path]:
    """Writes every pair of texts that share a band, and returns the files in order of the first text."""
    import numpy as np

    files: dict[int, Path] = {}
    for band in range(BANDS):
        path = folder / f"band-{band}"
        for found, starts in groups(path, rows):
            for codes in _gathered(_pairs(found, starts)):
                codes.sort()
                blocks = codes // np.uint64(_BLOCK << 32)
                numbers, begins = np.unique(blocks, return_index=True)
                for number, block in zip(numbers.tolist(), np.split(codes, begins[1:]), strict=True):
                    file = files.setdefault(number, folder / f"pairs-{number}")
                    with file.open("ab") as stream:
                        block.tofile(stream)
        path.unlink()
    return [files[number] for number in sorted(files)]


def _gathered(pairs: Iterable[tuple[NDArray[Any], NDArray[Any]]]) -> Iterator[NDArray[np.uint64]]:
    """Yields pairs as one number each, the first text above the second, some million at a time."""
    import numpy as np

    held: list[NDArray[np.uint64]] = []
    for first, second in pairs:
        held.append((first.astype(np.uint64) << np.uint64(32)) | second.astype(np.uint64))
        if sum(map(len, held)) > _PART:
            yield np.concatenate(held)
            held = []
    if held:
        yield np.concatenate(held)


def _pairs(found: NDArray[Any], starts: NDArray[Any]) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yields the pairs of each group: all of a small one, of a large one those that `_NEAREST` tells."""
    import numpy as np

    for back in range(1, _NEAREST + 1):
        same = starts[back:] == starts[:-back]
        if not same.any():
            return
        yield found[:-back][same], found[back:][same]
    within = np.arange(len(found)) - starts
    for place in range(_NEAREST):
        far = within > place + _NEAREST
        if not far.any():
            return
        yield found[starts[far] + place], found[far]


def read_candidates(path: Path) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns the distinct pairs of a file, ordered by first and second text."""
    import numpy as np

    codes = np.sort(np.fromfile(path, dtype=np.uint64))
    codes = codes[np.concatenate([[True], codes[1:] != codes[:-1]])]
    return (codes >> np.uint64(32)).astype(np.int64), (codes & np.uint64(0xFFFFFFFF)).astype(np.int64)
