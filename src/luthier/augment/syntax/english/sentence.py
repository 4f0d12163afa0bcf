"""English text in sentences and words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from luthier.augment.sentences import sentences as split
from luthier.augment.syntax.change import Pieces
from luthier.augment.syntax.english.lists import CLOSED, NOUNS
from luthier.augment.variant import Piece

LONGEST = 300
"""Characters of the longest sentence that is looked at: no rule understands a longer one."""

_WORD = re.compile(r"n't\b|'(?:s|re|ve|ll|d|m)\b|[^\W_]+(?:[-'’.&][^\W_]+)*|\.{2,}|[^\w\s]|_", re.IGNORECASE)
_CLOSING = re.compile(r"\s*(?:\.|[!?]+|\.{3,}|…+)?")


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

    @property
    def is_folded(self) -> bool:
        """Whether it was tokenised and put into lower case, as some published sets are."""
        return self.comma == " ," and not any(word.text[0].isupper() for word in self.words)

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
        if word.lower not in CLOSED | NOUNS or word.text[1:] != word.text[1:].lower():
            return None
        return (self.text[start].lower(), (start + 1, end))


def sentences(text: str) -> Iterator[Sentence]:
    """Yields the sentences of a text that begin with a word, end plainly and are not too long."""
    for start, end in split(text, "en"):
        if end - start > LONGEST:
            continue
        words = [Word(found[0], found.start(), found.end()) for found in _WORD.finditer(text, start, end)]
        while words and not words[-1].text[0].isalnum() and not words[-1].text.startswith("'"):
            words.pop()
        if (
            words
            and words[0].text[0].isalnum()
            and "." not in words[-1].text
            and _CLOSING.fullmatch(text, words[-1].end, end)
        ):
            yield Sentence(text, start, end, tuple(words))
