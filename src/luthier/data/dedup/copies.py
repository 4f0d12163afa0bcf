"""Which texts repeat an earlier one, equally or nearly so, in memory that hardly grows with their number."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from luthier.data.dedup.jaccard import similarities
from luthier.data.dedup.minhash import groups, read_candidates, write_bands, write_candidates
from luthier.data.dedup.spool import Spool
from luthier.data.duplicates import THRESHOLD
from luthier.text import normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    NearPairs = tuple[NDArray[Any], NDArray[Any], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Copies:
    """Which texts repeat an earlier one, and which contradict one. Every array has the shape (texts,).

    Attributes:
        of: Position of the earlier text that each repeats, which itself repeats none; its own where there is
            none.
        similarity: Jaccard index of the 5-grams of the two; 1 for equal texts.
        equal_to: Position of the first text that each is equal to, the answer included; its own where it is
            the first.
        rival: Position of the first text that each is equal to, where its answer is another; -1 where not.
    """

    of: NDArray[np.int32]
    similarity: NDArray[np.float32]
    equal_to: NDArray[np.int32]
    rival: NDArray[np.int32]

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Whether each text repeats none before it."""
        import numpy as np

        found: NDArray[np.bool_] = self.of == np.arange(len(self.of), dtype=np.int32)
        return found


def find_copies(
    texts: Iterable[str],
    answers: Iterable[str] | None = None,
    contexts: Iterable[str] | None = None,
    *,
    folder: Path | None = None,
) -> Copies:
    """Finds the texts that repeat an earlier one: equal, or with a Jaccard index of 5-grams of 0.8 or more.

    Case, width and white space are folded. Texts shorter than 5 characters repeat only equal ones. Among
    texts that are near each other the first is kept; of a chain (the second near the first, the third near
    the second alone) the first and the third.

    Candidates come from MinHash on disk and are verified on the texts themselves: what is told is right, and
    of the pairs at 0.8 all but 1 in 20,000 are met (`minhash` says how). Memory is some 40 bytes a text.

    Args:
        texts: Read once.
        answers: What is said of each text; one of which something else is said is no copy, but where the text
            is equal a rival. None: nothing.
        contexts: What stands around each text; in another context it is another text. None: nothing.
        folder: Where about 250 bytes a text, and the texts, are kept meanwhile; None for the system's
            temporary folder.
    """
    with _spooled(texts, answers, contexts, folder) as (spool, said, place):
        equals = _Equals.of(spool, said, place)
        return _settled(_near_pairs(spool, equals, place), equals, said)


def find_near_pairs(texts: Iterable[str], *, folder: Path | None = None) -> Iterator[NearPairs]:
    """Yields the pairs of distinct texts whose Jaccard index is 0.8 or more, a block of texts at a time.

    Args:
        texts: Read once.
        folder: As for `find_copies`.

    Yields:
        Positions of the first appearance of the one and the other, and their similarity, each of shape
        (pairs,), ordered by the first and then by the second.
    """
    with _spooled(texts, None, None, folder) as (spool, said, place):
        yield from _near_pairs(spool, _Equals.of(spool, said, place), place)


@contextmanager
def _spooled(
    texts: Iterable[str], answers: Iterable[str] | None, contexts: Iterable[str] | None, folder: Path | None
) -> Iterator[tuple[Spool, NDArray[np.uint64], Path]]:
    """Yields the folded texts, a hash of what is said of each and where, and the folder.

    In it `keys` has a hash of each text and its context.
    """
    import numpy as np

    nothing = repeat("")
    with TemporaryDirectory(prefix="luthier-dedup-", dir=folder) as name:
        place, said = Path(name), array("Q")
        with Spool(place / "texts") as spool:
            with (place / "keys").open("wb", 1 << 20) as keys:
                # Not strict: where nothing is given there is as much of it as is asked for.
                for text, answer, context in zip(
                    texts, answers or nothing, contexts or nothing, strict=False
                ):
                    around = _hash(_raw(context))
                    keys.write(_hash(spool.append(normalise(text)) + around))
                    said.append(int.from_bytes(_hash(_raw(answer) + around)))
            spool.finish()
            yield spool, np.asarray(said), place


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _hash(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=8).digest()


@dataclass(frozen=True, slots=True)
class _Equals:
    """What is known once equal texts are: as in `Copies`, for each text."""

    first: NDArray[np.int32]
    rival: NDArray[np.int32]

    @classmethod
    def of(cls, spool: Spool, said: NDArray[np.uint64], folder: Path) -> _Equals:
        import numpy as np

        first = np.arange(len(spool), dtype=np.int32)
        rival = np.full(len(spool), -1, dtype=np.int32)
        for found, starts in groups(folder / "keys", np.arange(len(spool), dtype=np.int32)):
            for group in np.split(found, np.flatnonzero(np.diff(starts)) + 1):
                leader, *rows = group.tolist()
                text, by_answer = spool.raw(leader), {said[leader]: leader}
                for row in rows:
                    # Two texts whose 64-bit hashes are equal by chance stay apart.
                    if spool.raw(row) != text:
                        continue
                    first[row] = by_answer.setdefault(said[row], row)
                    if first[row] == row:
                        rival[row] = leader
        return cls(first, rival)

    @property
    def distinct(self) -> NDArray[np.int32]:
        """Positions of the texts that are equal to none before, the answer included."""
        import numpy as np

        rows: NDArray[np.int32] = np.arange(len(self.first), dtype=np.int32)
        found: NDArray[np.int32] = rows[self.first == rows]
        return found


def _near_pairs(spool: Spool, equals: _Equals, folder: Path) -> Iterator[NearPairs]:
    for path in write_candidates(write_bands(spool, equals.distinct, folder), folder):
        one, other = read_candidates(path)
        path.unlink()
        similarity = similarities(spool, one, other)
        near = similarity >= THRESHOLD
        yield one[near], other[near], similarity[near]


def _settled(blocks: Iterable[NearPairs], equals: _Equals, said: NDArray[np.uint64]) -> Copies:
    """Goes through the pairs by their first text, whose own fate is settled by then."""
    import numpy as np

    of, similarity = equals.first.copy(), np.ones(len(equals.first), dtype=np.float32)
    for one, other, index in blocks:
        alike = said[one] == said[other]
        pairs = (side[alike].tolist() for side in (one, other, index))
        for here, there, value in zip(*pairs, strict=True):
            if of[here] == here and (of[there] == there or value > similarity[there]):
                of[there], similarity[there] = here, value
    # What was found of the first of equal texts holds for the others.
    repeats = np.flatnonzero(equals.first != np.arange(len(of), dtype=np.int32))
    of[repeats], similarity[repeats] = of[of[repeats]], similarity[of[repeats]]
    return Copies(of, similarity, equals.first, equals.rival)
