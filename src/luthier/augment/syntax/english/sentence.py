"""English text in sentences and words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from luthier.augment.syntax.change import Pieces
from luthier.augment.syntax.english.lists import ABBREVIATIONS, CLOSED
from luthier.augment.variant import Piece

LONGEST = 300
"""Characters of the longest sentence that is looked at: no rule understands a longer one."""

_END = re.compile(r"[.!?…]+(?=\s|$)|\s*\n\s*")
_WORD = re.compile(r"n't\b|'(?:s|re|ve|ll|d|m)\b|[^\W_]+(?:[-'’.&][^\W_]+)*|\.{2,}|[^\w\s]|_", re.IGNORECASE)
_LAST = re.compile(r"\S+\Z")


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a punctuation mark.

    Attributes:
        text: As it stands.
        start: Offset in the whole text, in characters.
        end: Offset, exclusive.
    """

    text: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        """In lower case, with a straight apostrophe."""
        return self.text.lower().replace("’", "'")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence.

    Attributes:
        text: The whole text it stands in.
        start: Where its first word begins in it.
        end: Where its last mark ends.
        words: Words and the marks between them, without the marks at its end.
    """

    text: str
    start: int
    end: int
    words: tuple[Word, ...]

    @property
    def lower(self) -> tuple[str, ...]:
        """The words in lower case."""
        return tuple(word.lower for word in self.words)

    @property
    def closing(self) -> Piece:
        """The marks at its end, with the white space before them."""
        return (self.words[-1].end, self.end)

    @property
    def is_question(self) -> bool:
        """Whether it ends on a question mark."""
        return "?" in self.text[self.words[-1].end : self.end]

    @property
    def comma(self) -> str:
        """A comma as the sentence sets it: tokenised text has a space before each."""
        return " ," if self.text[self.words[-1].end :][:1] == " " and self.end > self.words[-1].end else ","

    def stretch(self, first: int, last: int) -> Piece:
        """Words `first` to `last`, exclusive, as one piece."""
        return (self.words[first].start, self.words[last - 1].end)

    def opening(self, first: int, last: int) -> Pieces:
        """The same, to stand at the beginning: with a capital where the sentence has one now."""
        start, end = self.words[first].start, self.words[last - 1].end
        if not self.text[self.start].isupper() or not self.text[start].islower():
            return ((start, end),)
        return (self.text[start].upper(), (start + 1, end))

    def inner(self, first: int, last: int) -> Pieces | None:
        """The same, to stand behind the beginning; None where it is unknown whether a capital is a name's."""
        word = self.words[first]
        start, end = word.start, self.words[last - 1].end
        if first or not word.text[0].isupper() or word.lower == "i" or word.lower.startswith("i'"):
            return ((start, end),)
        if word.lower not in CLOSED or word.text[1:] != word.text[1:].lower():
            return None
        return (self.text[start].lower(), (start + 1, end))


def sentences(text: str) -> Iterator[Sentence]:
    """Yields the sentences of a text that are not too long to be understood."""
    at = 0
    for found in _END.finditer(text):
        last = _LAST.search(text, max(at, found.start() - 12), found.start())
        if found[0] == "." and last and last[0].lower() in ABBREVIATIONS:
            continue
        yield from _sentence(text, at, found.end())
        at = found.end()
    yield from _sentence(text, at, len(text))


def _sentence(text: str, start: int, end: int) -> Iterator[Sentence]:
    if end - start > LONGEST + 100:
        return
    words = [Word(found[0], found.start(), found.end()) for found in _WORD.finditer(text, start, end)]
    last = words[-1].end if words else 0
    while words and not words[-1].text[0].isalnum() and not words[-1].text.startswith("'"):
        words.pop()
    if words and words[0].text[0].isalnum() and last - words[0].start <= LONGEST:
        yield Sentence(text, words[0].start, last, tuple(words))
