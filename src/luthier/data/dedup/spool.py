"""Texts on disk, read back by their position, so that a million need no more memory than a thousand."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BUFFER = 1 << 20


class Spool:
    """Texts in one file, written once and then read in any order. In memory: 8 bytes a text.

    Plain reads and not a memory map: what a map has touched counts as memory of the process.

    Args:
        path: The file to write.
    """

    def __init__(self, path: Path) -> None:
        self._bounds = array("q", [0])
        self._file = path.open("w+b", _BUFFER)

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def append(self, text: str) -> bytes:
        """Adds a text; returns it as it is written, in UTF-8."""
        raw = text.encode("utf-8", "surrogatepass")
        self._file.write(raw)
        self._bounds.append(self._bounds[-1] + len(raw))
        return raw

    def finish(self) -> None:
        """Ends the writing; to be called before the first text is read."""
        self._file.flush()

    def raw(self, row: int) -> bytes:
        """Returns a text in UTF-8."""
        start = self._bounds[row]
        return os.pread(self._file.fileno(), self._bounds[row + 1] - start, start)

    def read(self, rows: Sequence[int]) -> list[str]:
        """Returns several texts."""
        return [self.raw(row).decode("utf-8", "surrogatepass") for row in rows]

    def sizes(self, rows: NDArray[Any]) -> NDArray[np.int64]:
        """Returns the bytes of each text of `rows`."""
        import numpy as np

        bounds = np.frombuffer(self._bounds, dtype=np.int64)
        found: NDArray[np.int64] = bounds[rows + 1] - bounds[rows]
        return found


def cut(sizes: NDArray[np.int64], limit: int) -> Iterator[slice]:
    """Cuts a sequence into slices whose sizes sum to `limit` or less; one larger than that stands alone."""
    import numpy as np

    total = np.cumsum(sizes)
    begin = 0
    while begin < len(total):
        before = int(total[begin - 1]) if begin else 0
        stop = max(int(np.searchsorted(total, before + limit, side="right")), begin + 1)
        yield slice(begin, stop)
        begin = stop
