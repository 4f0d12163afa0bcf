"""Near twins among many documents, in memory that does not grow with their length.

MinHash (Broder 1997) over character 5-grams finds the candidates, banded (Leskovec et al., Mining of Massive
Datasets, 3.4): two texts with Jaccard index s share one of 32 bands of 4 hashes with probability
1 - (1 - s^4)^32, above 0.9998 from 0.7 and all but 5 in 100 million at 0.8. Every candidate is then verified
on the 5-grams themselves, so nothing is dropped by mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from luthier.data.grams import gram_hashes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HASHES = 128
_BANDS = 32
_SEED = 0
# The estimate from 128 hashes has a standard deviation of at most 0.044: pairs this far below are no twins.
_MARGIN = 0.2


@dataclass(frozen=True, slots=True)
class Twin:
    """An earlier document that is nearly the same.

    Attributes:
        number: Its number among the documents that were kept, from 0.
        similarity: Jaccard index of the 5-grams.
    """

    number: int
    similarity: float


class TwinIndex:
    """The documents kept so far, to compare new ones with."""

    def __init__(self, threshold: float) -> None:
        """Starts with no document; `threshold` is the Jaccard index from which two are twins."""
        self._threshold = threshold
        self._texts: list[str] = []
        self._digests: list[NDArray[np.uint32]] = []
        self._buckets: list[dict[bytes, list[int]]] = [{} for _ in range(_BANDS)]

    def add(self, texts: Sequence[str]) -> list[Twin | None]:
        """Returns the earlier twin of each text; those without one are kept to compare later ones with.

        Texts shorter than 5 characters have no twins. What counts as the same character is the caller's:
        texts are compared as they are.
        """
        if not texts:
            return []
        hashes = [gram_hashes(text) for text in texts]
        digests = _sketch(hashes)
        return [self._add(*entry) for entry in zip(texts, map(len, hashes), digests, strict=True)]

    def _add(self, text: str, grams: int, digest: NDArray[np.uint32]) -> Twin | None:
        # Without grams every digest is the same; such a text is in no bucket.
        bands = [band.tobytes() for band in digest.reshape(_BANDS, -1)] if grams else []
        if twin := self._twin(text, digest, bands):
            return twin
        kept = len(self._texts)
        self._texts.append(text)
        self._digests.append(digest)
        for bucket, band in zip(self._buckets, bands, strict=False):
            bucket.setdefault(band, []).append(kept)
        return None

    def _twin(self, text: str, digest: NDArray[np.uint32], bands: Sequence[bytes]) -> Twin | None:
        import numpy as np

        found = {
            number
            for bucket, band in zip(self._buckets, bands, strict=False)
            for number in bucket.get(band, ())
        }
        if not found:
            return None
        candidates = sorted(found)
        estimates = (np.stack([self._digests[number] for number in candidates]) == digest).mean(axis=1)
        grams = None
        for number, estimate in zip(candidates, estimates, strict=True):
            if estimate < self._threshold - _MARGIN:
                continue
            grams = _grams(text) if grams is None else grams
            similarity = _jaccard(grams, _grams(self._texts[number]))
            if similarity >= self._threshold:
                return Twin(number, similarity)
        return None


def _sketch(hashes: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint32]:
    """Returns the MinHash digests of texts that are given by their grams' hashes, shape (texts, 128)."""
    import numpy as np
    from rensa import RMinHash

    offsets = np.cumsum([0, *map(len, hashes)], dtype=np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(np.concatenate(hashes), offsets, _HASHES, _SEED)
    return np.array(matrix.to_rows(), dtype=np.uint32)


def _grams(text: str) -> NDArray[Any]:
    import numpy as np

    return np.unique(gram_hashes(text))


def _jaccard(first: NDArray[Any], second: NDArray[Any]) -> float:
    import numpy as np

    shared = len(np.intersect1d(first, second, assume_unique=True))
    return shared / (len(first) + len(second) - shared)
