"""How varied texts are, and how far a copy is from its original."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from itertools import pairwise

from luthier.text import is_cjk

_WORD = re.compile(r"[^\W_]+|[^\w\s]|_")


def tokens(text: str) -> list[str]:
    """Cuts a text into words and signs, case folded; of Chinese each character is a token."""
    found: list[str] = []
    for word in _WORD.findall(text.casefold()):
        found += _characters(word) if any(map(is_cjk, word)) else [word]
    return found


def _characters(word: str) -> list[str]:
    """Cuts the ideographs of a run apart and leaves letters and digits between them together."""
    return re.findall(r"[^㐀-䶿一-鿿豈-﫿]+|.", word)


class Distinct:
    """Counts distinct-n as texts pass by: different n-grams over all n-grams, for n = 1 and 2.

    Source: Li et al. 2016, A Diversity-Promoting Objective Function for Neural Conversation Models. Of one
    domain, more text has a lower share, so two figures compare only where the amounts of text are alike. The
    n-grams are kept as hashes of 8 bytes; among 10 million the odds that two fall together are 1 to 400,000.
    """

    def __init__(self) -> None:
        self._seen: tuple[set[bytes], set[bytes]] = (set(), set())
        self._all = [0, 0]

    def add(self, text: str) -> None:
        """Counts one text."""
        words = tokens(text)
        pairs = ["\0".join(pair) for pair in pairwise(words)]
        for order, grams in enumerate((words, pairs)):
            self._all[order] += len(grams)
            self._seen[order].update(hashlib.blake2b(gram.encode(), digest_size=8).digest() for gram in grams)

    @property
    def different(self) -> tuple[int, int]:
        """How many different words and word pairs there are."""
        return len(self._seen[0]), len(self._seen[1])

    def shares(self, different: tuple[int, int] | None = None) -> dict[str, float]:
        """Returns `distinct_1` and `distinct_2`, 0 to 1; 0 where there are no n-grams.

        Args:
            different: To count these instead of what was seen.
        """
        found = different or self.different
        return {
            f"distinct_{order + 1}": found[order] / count if count else 0.0
            for order, count in enumerate(self._all)
        }


def edit_distance(one: str, other: str) -> float:
    """Returns the Levenshtein distance in characters over the length of the longer text, 0 to 1.

    Source: Myers 1999, A fast bit-vector algorithm for approximate string matching, in the form of Hyyrö
    2003: a column of the dynamic programming table is a number, so a row costs a few operations on it.
    """
    longest = max(len(one), len(other))
    return _levenshtein(one, other) / longest if longest else 0.0


def _levenshtein(one: str, other: str) -> int:
    head = _alike(zip(one, other, strict=False))
    one, other = one[head:], other[head:]
    tail = _alike(zip(reversed(one), reversed(other), strict=False))
    one, other = one[: len(one) - tail], other[: len(other) - tail]
    if not one or not other:
        return len(one) or len(other)
    places: dict[str, int] = {}
    for row, char in enumerate(one):
        places[char] = places.get(char, 0) | 1 << row
    mask, last = (1 << len(one)) - 1, 1 << len(one) - 1
    up, down, score = mask, 0, len(one)  # where the column grows by one, and where it falls
    for char in other:
        match = places.get(char, 0)
        diagonal = (((match & up) + up) ^ up) | match | down
        grows, falls = down | ~(diagonal | up) & mask, up & diagonal
        score += bool(grows & last) - bool(falls & last)
        grows = grows << 1 | 1
        up = (falls << 1 | ~(diagonal | grows)) & mask
        down = grows & diagonal & mask
    return score


def _alike(pairs: Iterable[tuple[str, str]]) -> int:
    """How many pairs there are before the first that differs."""
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count
