"""Documents cut into sentences, from which passages and words are drawn."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

from luthier.text import Language, is_cjk

# An abbreviation or an initial ends no sentence.
_ENGLISH_END = re.compile(
    r"""(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\bNo)(?<!\b[A-Z])[.!?]+["'”’)\]]*"""
    r"""(?=\s+["'“‘(\[]?[A-Z0-9]|\s*$)"""
)
_CHINESE_END = re.compile(r"[。！？]+[”』」’）)]*")
_END: Mapping[Language, re.Pattern[str]] = {"en": _ENGLISH_END, "zh": _CHINESE_END}
_LENGTHS: Mapping[Language, tuple[int, int]] = {"en": (20, 300), "zh": (8, 110)}
_TITLE_LENGTH: Mapping[Language, int] = {"en": 50, "zh": 20}
_LOOKED_AT = 20_000
_ENGLISH_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_COMMON = frozenset(
    re.findall(
        r"\w+",
        """
        about above after again against along also although among another around away became because
        become been before began being below between both came could does doing done down during each
        either ever every first from gave goes going good great have having here hers himself however
        into itself just know known last less like little long made make many might more most much must
        never none nothing often once only other others over part perhaps quite rather said same seen
        several shall should since some something soon still such take taken than that their them
        themselves then there these they thing things think this those though through thus time together
        took under until upon used using very want well went were what when where whether which while
        whom whose will with within without would year years your yourself
        """,
    )
)
_PARTICLES = frozenset("的了在是和与及或也都就而但并被把将为于由对从到以其之不有着过得地这那我你他她它们个")


@dataclass(frozen=True)
class Document:
    """A cleaned document: its title, and its sentences in runs that nothing interrupts."""

    text: str
    language: Language

    @cached_property
    def title(self) -> str | None:
        """The first line where it is a heading with text below it."""
        first, _, rest = self.text[:_LOOKED_AT].partition("\n")
        first = first.strip("\ufeff ")
        short = 1 < len(first) <= _TITLE_LENGTH[self.language]
        plain = not re.search(r"[。！？!?:：;；,，、.]$|\n", first) and any(c.isalpha() for c in first)
        return first if short and plain and rest.strip() else None

    @cached_property
    def runs(self) -> tuple[tuple[str, ...], ...]:
        """Sentences of ordinary length; a heading, a list or a very long sentence parts two runs."""
        runs: list[list[str]] = [[]]
        low, high = _LENGTHS[self.language]
        for line in self.text[:_LOOKED_AT].split("\n"):
            start = 0
            for match in _END[self.language].finditer(line):
                sentence = line[start : match.end()].strip()
                start = match.end()
                if low <= len(sentence) <= high and _is_whole(sentence, self.language):
                    runs[-1].append(sentence)
                else:
                    runs.append([])
            if line[start:].strip():
                runs.append([])
        return tuple(tuple(run) for run in runs if run)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """All sentences of the runs."""
        return tuple(sentence for run in self.runs for sentence in run)


def _is_whole(sentence: str, language: Language) -> bool:
    """Whether a sentence is of its language, and none of its quotes and brackets is left open."""
    pairs = ("“”", "「」", "『』", "《》", "()", "（）", "[]")
    closed = all(sentence.count(pair[0]) == sentence.count(pair[1]) for pair in pairs)
    letters = sum(map(is_cjk, sentence))
    own = letters * 2 >= len(sentence) if language == "zh" else not letters
    return closed and own and sentence.count('"') % 2 == 0


@dataclass(frozen=True)
class Passage:
    """Consecutive sentences of one document."""

    sentences: tuple[str, ...]
    document: Document

    @property
    def text(self) -> str:
        """The sentences as one text."""
        return join_sentences(self.sentences, self.document.language)


def join_sentences(sentences: Sequence[str], language: Language) -> str:
    """Puts sentences together as the language does."""
    return ("" if language == "zh" else " ").join(sentences)


def words_of(text: str, language: Language) -> list[str]:
    """The words of a text in order; punctuation, and what is of another script, left out."""
    if language == "en":
        return _ENGLISH_WORD.findall(text)
    import rjieba

    return [word for word in rjieba.cut(text) if all(map(is_cjk, word))]


def content_words(text: str, language: Language) -> list[str]:
    """Distinct words that say what a text is about, in order of appearance."""
    if language == "en":
        found = (word for word in words_of(text, language) if len(word) > 3 and word.isalpha())
        return list(dict.fromkeys(word for word in found if word.casefold() not in _COMMON))
    found = (word for word in words_of(text, language) if 2 <= len(word) <= 5)
    return list(dict.fromkeys(word for word in found if not _PARTICLES & set(word)))


def occurrences(word: str, text: str, language: Language) -> list[int]:
    """Offsets at which a word stands in a text: whole words in English, any place in Chinese."""
    around = r"(?<![A-Za-z])%s(?![A-Za-z])" if language == "en" else "%s"
    return [match.start() for match in re.finditer(around % re.escape(word), text, re.IGNORECASE)]


class Material:
    """What instructions are made from: documents of one language or two.

    Args:
        documents: Cleaned documents by language.
        characters: Longest passage by language.
    """

    def __init__(
        self, documents: Mapping[Language, Sequence[str]], characters: Mapping[Language, int] | None = None
    ) -> None:
        self._documents = {
            name: [Document(text, name) for text in texts] for name, texts in documents.items()
        }
        self._characters = characters or {"en": 500, "zh": 160}
        self._marked: dict[tuple[Language, str], list[Document]] = {}

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages that there are documents of."""
        return tuple(name for name, documents in self._documents.items() if documents)

    def document(self, language: Language, random: Random, mark: str = "") -> Document | None:
        """Draws a document, one that contains `mark`; None where there is none."""
        documents = self._documents.get(language, [])
        if mark:
            if (language, mark) not in self._marked:
                self._marked[language, mark] = [item for item in documents if mark in item.text[:_LOOKED_AT]]
            documents = self._marked[language, mark]
        return random.choice(documents) if documents else None

    def passage(
        self, language: Language, random: Random, fewest: int = 1, most: int = 3, *, mark: str = ""
    ) -> Passage | None:
        """Draws a passage of `fewest` to `most` sentences; None where the document drawn has none."""
        document = self.document(language, random, mark)
        return None if document is None else self.passage_of(document, random, fewest, most, mark=mark)

    def passage_of(
        self, document: Document, random: Random, fewest: int = 1, most: int = 3, *, mark: str = ""
    ) -> Passage | None:
        """Draws a passage of one document, within the limit of characters."""
        runs = [run for run in document.runs if len(run) >= fewest and any(mark in item for item in run)]
        if not runs:
            return None
        run = random.choice(runs)
        count = min(random.randint(fewest, most), len(run))
        first = random.randint(0, len(run) - count)
        chosen = run[first : first + count]
        room = self._characters[document.language]
        while len(chosen) > fewest and sum(map(len, chosen)) > room:
            chosen = chosen[:-1]
        return Passage(chosen, document) if sum(map(len, chosen)) <= room else None

    def strangers(self, document: Document, random: Random, count: int) -> list[Document]:
        """Draws other documents of the same language; fewer where there are not so many."""
        documents = self._documents[document.language]
        drawn = random.sample(documents, min(count + 1, len(documents)))
        return [item for item in drawn if item.text != document.text][:count]
