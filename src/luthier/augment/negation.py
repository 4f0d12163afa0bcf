"""Negations: the words that negate, with what they negate as far as a rule can say.

What a negation reaches is taken to be all up to the first word of content behind it, never past the end of a
clause: the cue and a short window to its right, as NegEx does (Chapman et al. 2001), cut at the first word
that carries meaning. Protecting a word too many costs variety; one too few may turn a label round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from luthier.augment.variant import Span
from luthier.augment.words import word_list

_WINDOW = 5
"""Words behind a negation that are looked at."""

_ENGLISH_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]++(?:['’][A-Za-z]++)*+")
_ENGLISH = frozenset(word_list("negators.en"))
_ENGLISH_PASSED_OVER = frozenset(word_list("passed_over.en"))
_CLAUSE_END = re.compile(r"[.,;:!?()\[\]…—\n。，；：！？、（）]")

_CHINESE_CUE = re.compile(
    f"(?:{'|'.join(word_list('not_negating.zh'))})|(?P<negator>{'|'.join(word_list('negators.zh'))})"
)
_CHINESE_PASSED_OVER = frozenset(word_list("passed_over.zh"))


def negations(text: str) -> Iterator[Span]:
    """Yields every negation with what it negates, English and Chinese ones alike; spans may overlap."""
    yield from _english(text)
    yield from _chinese(text)


def _english(text: str) -> Iterator[Span]:
    words = [(found.group().casefold(), *found.span()) for found in _ENGLISH_WORD.finditer(text)]
    for number, (word, start, end) in enumerate(words):
        if word not in _ENGLISH and not word.endswith(("n't", "n’t")):
            continue
        reach = end
        for other, begin, stop in words[number + 1 : number + 1 + _WINDOW]:
            if _CLAUSE_END.search(text, reach, begin):
                break
            reach = stop
            if other not in _ENGLISH_PASSED_OVER:
                break
        yield start, reach


def _chinese(text: str) -> Iterator[Span]:
    cues = [found.span() for found in _CHINESE_CUE.finditer(text) if found["negator"]]
    if not cues:
        return
    import rjieba

    words = rjieba.tokenize(text)
    number = 0
    for start, end in cues:
        while words[number][2] <= start:
            number += 1
        yield _chinese_scope(text, words, number, start, end)


def _chinese_scope(text: str, words: list[tuple[str, int, int]], number: int, start: int, end: int) -> Span:
    """The span from the word that the cue begins in to the first word of content."""
    start = min(start, words[number][1])
    while words[number][2] < end:
        number += 1
    inside = text[end : words[number][2]]
    end = words[number][2]
    if inside and inside not in _CHINESE_PASSED_OVER:
        return start, end  # the word holds what it negates: 不错, 无聊
    for word, _, stop in words[number + 1 : number + 1 + _WINDOW]:
        if not word.isalnum():
            break
        end = stop
        if word not in _CHINESE_PASSED_OVER:
            break
    return start, end
