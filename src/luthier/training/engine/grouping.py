"""Which rows begin alike, so that batches can be formed of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_READ = 512
"""Tokens of a row that are compared."""

_GROUPS = 32
"""Groups at most, about: smaller ones would leave an epoch little chance."""


def prefix_groups(rows: Iterable[Sequence[int]], batch_size: int) -> NDArray[np.int64]:
    """Numbers rows by the longest beginning that each shares with enough others to fill batches.

    Args:
        rows: Token ids; only the first 512 of each are compared.
        batch_size: Rows of a batch. A group has at least as many, and a 32nd of all rows.

    Returns:
        A group's number for every row, shape (rows,); rows that share no beginning are a group too.
    """
    # Big-endian bytes compare as the numbers do.
    keys = [np.asarray(row[:_READ], dtype=">i4").tobytes() for row in rows]
    count = len(keys)
    enough = max(2, batch_size, count // _GROUPS)
    if count < 2 * enough:
        return np.zeros(count, dtype=np.int64)
    order = sorted(range(count), key=keys.__getitem__)
    beside = np.array([_shared(keys[a], keys[b]) for a, b in pairwise(order)])
    shared = _shared_by(beside, enough)
    ends = (shared[1:] != shared[:-1]) | (beside < shared[1:])
    groups = np.empty(count, dtype=np.int64)
    groups[order] = np.concatenate([[0], np.cumsum(ends)])
    return groups


def distinct_tokens(rows: Iterable[Sequence[int]]) -> int:
    """Counts the tokens of a batch, those that rows share at their beginnings once."""
    keys = sorted(np.asarray(row, dtype=">i4").tobytes() for row in rows)
    return sum(len(key) for key in keys) // 4 - sum(_shared(a, b) for a, b in pairwise(keys))


def _shared_by(beside: NDArray[np.int64], enough: int) -> NDArray[np.int64]:
    """For rows in order, the longest beginning that each shares with `enough` rows, itself among them.

    Args:
        beside: Tokens that each row shares with the next, shape (rows - 1,).
        enough: At least 2.
    """
    from numpy.lib.stride_tricks import sliding_window_view

    # What `enough` rows in sequence share is what the least alike neighbours among them do.
    windows = sliding_window_view(beside, enough - 1).min(axis=1)
    padded = np.pad(windows, enough - 1, constant_values=0)
    longest: NDArray[np.int64] = sliding_window_view(padded, enough).max(axis=1)
    return longest


def _shared(one: bytes, other: bytes) -> int:
    length = min(len(one), len(other)) // 4
    a, b = (np.frombuffer(x, dtype=">i4", count=length) for x in (one, other))
    differs = np.flatnonzero(a != b)
    return int(differs[0]) if len(differs) else length
