"""Near duplicates, exactly: every pair of texts whose character 5-grams have a Jaccard index of 0.8 or more.

An inverted index over the rarest 5-grams of each text yields the candidates (prefix filtering: Chaudhuri et
al. 2006; by size and place: Xiao et al. 2008; with a count: Wang et al. 2012). Sets of sizes a <= b with an
index of t share t / (1 + t) * (a + b) members or more: at least 2t / (1 + t) * a of the smaller, t * b of the
larger. So the a - ceil(2t / (1 + t) * a) + k rarest of the smaller and the b - ceil(t * b) + k rarest of the
larger share at least k. Candidates are then verified.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from luthier.data.grams import gram_hashes
from luthier.tasks import Example
from luthier.text import normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Grams = list[NDArray[np.int64]]

THRESHOLD = 0.8
_EXACT = 20_000_000
_SHARED_OF = 20
_BLOCK = 1_000_000
_LEAST_SHARED = 2 * THRESHOLD / (1 + THRESHOLD)
_ROUNDING = 1e-9  # keeps 0.8 * 5 = 4.000000000000001 from rounding up to 5


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

    def only(self, positions: Sequence[int]) -> Duplicates:
        """Returns the same of a part of the texts, counted through anew.

        Args:
            positions: Those that are left, ascending.
        """
        now = {old: new for new, old in enumerate(positions)}
        kept = [tuple(now[position] for position in members if position in now) for members in self.copies]
        order = sorted((members[0], node) for node, members in enumerate(kept) if members)
        nodes = {old: new for new, (_, old) in enumerate(order)}
        left = [pair for pair in self.pairs if pair.first in nodes and pair.second in nodes]
        ends = [sorted((nodes[pair.first], nodes[pair.second])) for pair in left]
        pairs = [
            Pair(first, second, pair.similarity) for (first, second), pair in zip(ends, left, strict=True)
        ]
        pairs.sort(key=lambda pair: (pair.first, pair.second))
        return Duplicates(tuple(kept[old] for _, old in order), tuple(pairs))


def content(example: Example) -> str:
    """Returns the text that tells whether two records are the same: input, else instruction, and pair."""
    text = example.text if example.text.strip() else example.instruction or ""
    return text if example.text_pair is None else f"{text}\n{example.text_pair}"


def find_duplicates(texts: Sequence[str]) -> Duplicates:
    """Finds equal and near-equal texts. Texts shorter than 5 characters have equal ones only.

    Up to 20 million characters every pair is found, in about a second for 10,000 reviews and 50 bytes a
    character. Above, candidates come from MinHash on disk (`data.dedup`), which misses 1 in 20,000 of the
    pairs at 0.8 and pairs the texts of a template with a few of the others; their group stays whole.
    """
    folded: dict[str, list[int]] = defaultdict(list)
    for position, text in enumerate(texts):
        folded[normalise(text)].append(position)
    copies, distinct = tuple(map(tuple, folded.values())), list(folded)
    if sum(map(len, distinct)) <= _EXACT:
        return Duplicates(copies, tuple(_near_pairs(_ranked_grams(distinct))))
    from luthier.data.dedup import find_near_pairs

    blocks = (zip(*(side.tolist() for side in block), strict=True) for block in find_near_pairs(distinct))
    return Duplicates(copies, tuple(Pair(*pair) for block in blocks for pair in block))


def _ranked_grams(texts: Sequence[str]) -> Grams:
    """Returns each text's distinct 5-grams as ranks, the rarest in the collection first."""
    import numpy as np

    hashes = [np.unique(gram_hashes(text)) for text in texts]
    sizes = np.array([len(item) for item in hashes], dtype=np.int64)
    if not sizes.sum():
        return [np.empty(0, dtype=np.int64) for _ in texts]
    _, inverse, counts = np.unique(np.concatenate(hashes), return_inverse=True, return_counts=True)
    rank = np.empty(len(counts), dtype=np.int64)
    rank[np.argsort(counts, kind="stable")] = np.arange(len(counts))
    return [np.sort(part) for part in np.split(rank[inverse], np.cumsum(sizes)[:-1])]


def _near_pairs(grams: Grams) -> list[Pair]:
    """Returns every pair of distinct texts whose index is at least the threshold."""
    import numpy as np

    seen = np.zeros(1 + max((int(item[-1]) for item in grams if len(item)), default=0), dtype=bool)
    pairs = []
    for first, others in _candidates(grams):
        seen[grams[first]] = True
        starts = np.cumsum([0, *(len(grams[other]) for other in others[:-1])])
        shared = np.add.reduceat(seen[np.concatenate([grams[other] for other in others])], starts, dtype=int)
        seen[grams[first]] = False
        for other, common in zip(others, shared.tolist(), strict=True):
            similarity = common / (len(grams[first]) + len(grams[other]) - common)
            if similarity >= THRESHOLD:
                pairs.append(Pair(min(first, other), max(first, other), similarity))
    return sorted(pairs, key=lambda pair: (pair.first, pair.second))


def _candidates(grams: Grams) -> Iterator[tuple[int, list[int]]]:
    """Yields a text with the texts, not larger than it, with which it shares enough rare grams."""
    import numpy as np

    sizes = np.array([len(item) for item in grams], dtype=np.int64)
    order = np.argsort(sizes, kind="stable")[np.count_nonzero(sizes == 0) :]
    sizes = sizes[order]
    shared = 1 + sizes // _SHARED_OF  # long texts of one language share a rare gram or two by chance
    index = _Prefixes.of(grams, order, _LEAST_SHARED * sizes, shared)
    probes = _Prefixes.of(grams, order, THRESHOLD * sizes, shared)
    keys = index.grams * len(order) + index.owners
    by_key = np.argsort(keys)
    keys, owners, places = keys[by_key], index.owners[by_key], index.places[by_key]
    smallest = np.searchsorted(sizes, THRESHOLD * sizes - _ROUNDING)[probes.owners]
    begins = np.searchsorted(keys, probes.grams * len(order) + smallest)
    ends = np.searchsorted(keys, probes.grams * len(order) + probes.owners)
    met = np.maximum(ends - begins, 0)
    for part in _parts(met, probes.owners):
        rows = np.repeat(np.arange(part.start, part.stop), met[part])
        within = np.arange(len(rows)) - np.repeat(np.cumsum(met[part]) - met[part], met[part])
        hits = begins[rows] + within
        small, large = owners[hits], probes.owners[rows]
        here, there = places[hits], probes.places[rows]
        # What stands before a shared gram can only be shared with what stands before it, and so behind it.
        most = np.minimum(here, there) + np.minimum(sizes[small] - here, sizes[large] - there)
        fits = most >= THRESHOLD / (1 + THRESHOLD) * (sizes[small] + sizes[large]) - _ROUNDING
        codes, times = np.unique(large[fits] * len(order) + small[fits], return_counts=True)
        large, small = np.divmod(codes, len(order))
        enough = times >= np.minimum(shared[large], shared[small])
        large, small = large[enough], order[small[enough]]
        for group in np.split(np.arange(len(large)), np.flatnonzero(np.diff(large)) + 1):
            if len(group):
                yield int(order[large[group[0]]]), small[group].tolist()


@dataclass(frozen=True, slots=True)
class _Prefixes:
    """The rarest grams of every text: which, whose, and at which place among the text's own."""

    grams: NDArray[np.int64]
    owners: NDArray[np.int64]
    places: NDArray[np.int64]

    @classmethod
    def of(cls, grams: Grams, order: NDArray[Any], least: NDArray[Any], shared: NDArray[Any]) -> _Prefixes:
        """Takes so many of each that texts with `least` grams in common share `shared` of those taken."""
        import numpy as np

        sizes = np.array([len(grams[text]) for text in order], dtype=np.int64)
        lengths = np.minimum(sizes - np.ceil(least - _ROUNDING).astype(np.int64) + shared, sizes)
        taken = [grams[text][:length] for text, length in zip(order, lengths, strict=True)]
        places = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        none = np.empty(0, dtype=np.int64)
        return cls(np.concatenate([none, *taken]), np.repeat(np.arange(len(order)), lengths), places)


def _parts(met: NDArray[Any], owners: NDArray[Any]) -> Iterator[slice]:
    """Cuts the probes into slices of at most `_BLOCK` meetings, never inside a text's own."""
    import numpy as np

    total = np.cumsum(met)
    begin = 0
    while begin < len(met):
        before = total[begin] - met[begin]
        stop = int(np.searchsorted(total, before + _BLOCK, side="right"))
        if stop < len(met):
            cut = int(np.searchsorted(owners, owners[stop]))
            stop = cut if cut > begin else int(np.searchsorted(owners, owners[begin], side="right"))
        yield slice(begin, stop)
        begin = stop
