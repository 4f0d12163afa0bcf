"""`Lexicon`: groups of words, by part of speech, and the fixed phrases in which no word is replaced."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Part = Literal["noun", "verb", "adjective", "adverb"]
PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True, slots=True)
class Group:
    """Words of which each may stand for every other.

    Attributes:
        words: Base forms, two or more, in lower case.
        part: Their part of speech; None where the list does not tell, and the text has to.
    """

    words: tuple[str, ...]
    part: Part | None = None


class Lexicon:
    """Answers which words may stand for a word.

    Args:
        groups: A word may stand in several; what may stand for it is then what stands in any of them.
        phrases: Fixed expressions, in lower case, in which no word is replaced.
    """

    def __init__(self, groups: Iterable[Group] = (), phrases: Iterable[str] = ()) -> None:
        self.groups = tuple(groups)
        self.phrases = tuple(dict.fromkeys(phrases))
        others: dict[tuple[str, Part | None], dict[str, None]] = {}
        for group in self.groups:
            for word in group.words:
                found = others.setdefault((word, group.part), {})
                found.update(dict.fromkeys(other for other in group.words if other != word))
        self._others = others

    def __add__(self, other: Lexicon) -> Lexicon:
        return Lexicon(self.groups + other.groups, self.phrases + other.phrases)

    def synonyms(self, word: str, part: Part) -> tuple[str, ...]:
        """Returns what may stand for a base form, in the order of the lists; nothing if it is not listed."""
        own, any_part = self._others.get((word, part), {}), self._others.get((word, None), {})
        return tuple({**own, **any_part})

    def parts(self, word: str) -> frozenset[Part | None]:
        """Returns the parts of speech that a base form is listed under; None where a list does not tell."""
        asked: tuple[Part | None, ...] = (*PARTS, None)
        return frozenset(part for part in asked if (word, part) in self._others)
