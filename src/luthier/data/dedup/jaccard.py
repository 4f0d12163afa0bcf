"""The Jaccard index of many pairs of texts at once, on the character 5-grams themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from luthier.data.dedup.spool import Spool, cut
from luthier.data.grams import gram_hashes_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BYTES = 1 << 20
"""Text that is compared at once; its grams need some 40 bytes a byte of text."""

_HASH_BITS = 48
"""Bits of a gram's hash, beside the number of its text or pair, in one 64-bit key.

Texts of 1,000 grams have one too many in common in 1 of 10^8 pairs, and then differ by a thousandth.
"""

_MOST = 1 << (64 - _HASH_BITS)
"""Texts that are compared at once at most, and so half as many pairs."""


def similarities(spool: Spool, first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """Returns the Jaccard index of each pair, shape (pairs,); 0 where a text is shorter than a gram.

    Args:
        spool: The texts.
        first: Position of the one text of each pair, shape (pairs,).
        second: Position of the other.
    """
    import numpy as np

    found = np.zeros(len(first))
    # 1 at least, so that the number of pairs is bounded as well.
    sizes = np.maximum(spool.sizes(first) + spool.sizes(second), 2 * _BYTES // _MOST)
    for part in cut(sizes, _BYTES):
        found[part] = _similarities(spool, first[part], second[part])
    return found


def _similarities(spool: Spool, first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    import numpy as np

    rows, places = np.unique(np.concatenate([first, second]), return_inverse=True)
    hashes, bounds = gram_hashes_of(spool.read(rows.tolist()))
    keys = np.sort(_keys(hashes, np.diff(bounds)))
    keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])] if len(keys) else keys
    sizes = np.bincount((keys >> np.uint64(_HASH_BITS)).astype(np.int64), minlength=len(rows))
    starts = np.cumsum(sizes) - sizes
    grams = keys & np.uint64((1 << _HASH_BITS) - 1)
    one, other = places[: len(first)], places[len(first) :]
    both = np.concatenate([_of_pairs(grams, starts[side], sizes[side]) for side in (one, other)])
    both.sort()
    shared_keys = both[1:][both[1:] == both[:-1]]
    shared = np.bincount((shared_keys >> np.uint64(_HASH_BITS)).astype(np.int64), minlength=len(first))
    union = sizes[one] + sizes[other] - shared
    index: NDArray[np.float64] = shared / np.maximum(union, 1)
    return index


def _keys(hashes: NDArray[np.uint64], counts: NDArray[Any]) -> NDArray[np.uint64]:
    """Puts the number of what each hash belongs to above the hash, so that one sort keeps them apart."""
    import numpy as np

    owners = np.repeat(np.arange(len(counts), dtype=np.uint64), counts)
    return (owners << np.uint64(_HASH_BITS)) | (hashes & np.uint64((1 << _HASH_BITS) - 1))


def _of_pairs(grams: NDArray[np.uint64], starts: NDArray[Any], sizes: NDArray[Any]) -> NDArray[np.uint64]:
    """Returns the grams of one text of every pair, with the pair's number above them."""
    import numpy as np

    shifts = np.repeat(starts - (np.cumsum(sizes) - sizes), sizes)
    return _keys(grams[np.arange(len(shifts)) + shifts], sizes)
