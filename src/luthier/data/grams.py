"""Character 5-grams as numbers: what texts are compared by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GRAM = 5
"""Characters of a gram."""


def gram_hashes(text: str) -> NDArray[np.uint64]:
    """Returns a 64-bit hash for each 5-gram of characters, in order; none for a text that is shorter."""
    return gram_hashes_of([text])[0]


def gram_hashes_of(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Returns the hashes of several texts' 5-grams in one array, and where each text's begin.

    One call for many short texts costs a tenth of one call each.

    Returns:
        Hashes of all texts, one after the other, shape (grams,); their bounds, shape (texts + 1,).
    """
    import numpy as np

    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(joined, dtype="<u4").astype(np.uint64)
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    counts = np.maximum(lengths - GRAM + 1, 0)
    bounds = np.concatenate([[0], np.cumsum(counts)])
    if not bounds[-1]:
        return np.empty(0, dtype=np.uint64), bounds
    # 5 code points (105 bits) mixed into 64 bits: the odds of any clash among 10^7 grams are 1 to 10^5.
    value = np.zeros(len(codes) - GRAM + 1, dtype=np.uint64)
    for column in range(GRAM):
        value ^= codes[column : column + len(value)]
        value *= np.uint64(0x9E3779B97F4A7C15)
        value ^= value >> np.uint64(29)
    if len(texts) == 1:
        return value, bounds
    # Left out are the grams that begin in one text and end in another.
    shifts = np.cumsum(lengths) - lengths - bounds[:-1]
    return value[np.arange(bounds[-1]) + np.repeat(shifts, counts)], bounds
