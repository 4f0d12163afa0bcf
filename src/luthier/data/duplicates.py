"""Near duplicates, exactly: every pair of texts whose character 5-grams have a Jaccard index of 0.8 or more.

An inverted index over the rarest 5-grams of each text yields the candidates (prefix filtering: Chaudhuri et
al. 2006; with a count, Wang et al. 2012): sets of sizes a and b with index >= t share ceil(t * max(a, b))
members or more, so the |x| - ceil(t|x|) + k rarest of each share at least k. Candidates are then verified.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from luthier.tasks import Example
from luthier.text import normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Grams = list[NDArray[np.int64]]

THRESHOLD = 0.8
GRAM = 5
_SHARED_OF = 20
_BLOCK = 4_000_000


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that are nearly the same.

    Attributes:
        first: Position of the one.
        second: Position of the other, larger than `first`.
        similarity: Jaccard index of the 5-grams, 0.8 to 1.
    """

    first: int
    second: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Which texts of a collection are (nearly) the same.

    Attributes:
        copies: Positions of equal texts, for each distinct text, in order of first appearance.
        pairs: Near pairs of distinct texts; positions are into `copies`.
    """

    copies: tuple[tuple[int, ...], ...]
    pairs: tuple[Pair, ...]

    def groups(self) -> list[list[int]]:
        """Returns the positions in groups connected by near pairs; a text of its own is a group of one."""
        parent = list(range(len(self.copies)))

        def root(node: int) -> int:
            while parent[node] != node:
                parent[node] = parent[parent[node]]
                node = parent[node]
            return node

        for pair in self.pairs:
            first, second = sorted((root(pair.first), root(pair.second)))
            parent[second] = first
        groups: dict[int, list[int]] = defaultdict(list)
        for node, members in enumerate(self.copies):
            groups[root(node)] += members
        return [sorted(members) for members in groups.values()]


def content(example: Example) -> str:
    """Returns the text that tells whether two records are the same: input, else instruction, and pair."""
    text = example.text if example.text.strip() else example.instruction or ""
    return text if example.text_pair is None else f"{text}\n{example.text_pair}"


def find_duplicates(texts: Sequence[str]) -> Duplicates:
    """Finds equal and near-equal texts. Texts shorter than 5 characters have equal ones only.

    Takes about a second for 10,000 reviews; memory is about 50 bytes a character.
    """
    folded: dict[str, list[int]] = defaultdict(list)
    for position, text in enumerate(texts):
        folded[normalise(text)].append(position)
    grams = _ranked_grams(list(folded))
    pairs = [
        Pair(first, second, similarity)
        for first, second in _candidates(grams)
        if (similarity := _jaccard(grams[first], grams[second])) >= THRESHOLD
    ]
    return Duplicates(tuple(map(tuple, folded.values())), tuple(pairs))


def _ranked_grams(texts: Sequence[str]) -> Grams:
    """Returns each text's distinct 5-grams as ranks, the rarest in the collection first."""
    import numpy as np

    hashes = [np.unique(gram_hashes(text)) for text in texts]
    sizes = np.array([len(item) for item in hashes], dtype=np.int64)
    if not sizes.sum():
        return hashes
    _, inverse, counts = np.unique(np.concatenate(hashes), return_inverse=True, return_counts=True)
    rank = np.empty(len(counts), dtype=np.int64)
    rank[np.argsort(counts, kind="stable")] = np.arange(len(counts))
    return [np.sort(part) for part in np.split(rank[inverse], np.cumsum(sizes)[:-1])]


def gram_hashes(text: str) -> NDArray[np.uint64]:
    """Returns a 64-bit hash for each 5-gram of characters, in order; none for a text that is shorter."""
    import numpy as np

    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    if len(codes) < GRAM:
        return np.empty(0, dtype=np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(codes, GRAM)
    # 5 code points (105 bits) mixed into 64 bits: the odds of any clash among 10^7 grams are 1 to 10^5.
    value = np.zeros(len(windows), dtype=np.uint64)
    for column in range(GRAM):
        value = (value ^ windows[:, column]) * np.uint64(0x9E3779B97F4A7C15)
        value ^= value >> np.uint64(29)
    return value


def _candidates(grams: Grams) -> list[tuple[int, int]]:
    """Returns the pairs that share enough rare grams and whose sizes allow the threshold."""
    import numpy as np

    sizes = np.array([len(item) for item in grams], dtype=np.int64)
    shared = 1 + sizes // _SHARED_OF  # long texts of one language share a rare gram or two by chance
    # The small constant keeps 0.8 * 5 = 4.000000000000001 from rounding up to 5.
    prefixes = np.where(sizes > 0, sizes - np.ceil(THRESHOLD * sizes - 1e-9).astype(np.int64) + shared, 0)
    if not prefixes.sum():
        return []
    owners = np.repeat(np.arange(len(grams)), prefixes)
    keys = np.concatenate([item[:length] for item, length in zip(grams, prefixes, strict=True)])
    by_key = np.argsort(keys, kind="stable")
    owners, keys = owners[by_key], keys[by_key]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    lengths = np.diff(np.r_[starts, len(keys)])
    counts: dict[int, int] = {}
    for first, second in _pairs_within(owners, starts, lengths):
        fits = (
            np.minimum(sizes[first], sizes[second])
            >= THRESHOLD * np.maximum(sizes[first], sizes[second]) - 1e-9
        )
        codes, times = np.unique(first[fits] * len(grams) + second[fits], return_counts=True)
        for code, time in zip(codes.tolist(), times.tolist(), strict=True):
            counts[code] = counts.get(code, 0) + time
    pairs = ((*divmod(code, len(grams)), count) for code, count in counts.items())
    return sorted((i, j) for i, j, count in pairs if count >= min(shared[i], shared[j]))


def _pairs_within(
    owners: NDArray[Any], starts: NDArray[Any], lengths: NDArray[Any]
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yields all pairs of owners that share a key, in blocks; `owners` ascends within a key."""
    import numpy as np

    for length in np.unique(lengths[lengths > 1]).tolist():
        left, right = np.triu_indices(length, k=1)
        chosen = starts[lengths == length]
        step = max(1, _BLOCK // len(left))
        for begin in range(0, len(chosen), step):
            offsets = chosen[begin : begin + step, None]
            yield owners[offsets + left].ravel(), owners[offsets + right].ravel()


def _jaccard(first: NDArray[Any], second: NDArray[Any]) -> float:
    import numpy as np

    shared = len(np.intersect1d(first, second, assume_unique=True))
    return shared / (len(first) + len(second) - shared)
