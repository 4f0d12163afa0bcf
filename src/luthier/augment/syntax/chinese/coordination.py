"""又快又好 as 又好又快, 服务和环境 as 环境和服务, 味道好，分量足 as 分量足，味道好."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from luthier.augment.syntax.change import Pieces
from luthier.augment.syntax.chinese.lists import ADJECTIVES, DEGREES, FIXED, NOUNS, WEAK
from luthier.augment.syntax.chinese.sentence import Sentence


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(set(words), key=lambda word: (-len(word), word)))


_ADJECTIVE, _NOUN = _any(ADJECTIVES), _any(NOUNS)
_DEGREE = _any([word for word in DEGREES if word not in WEAK])
_BOTH = re.compile(rf"(?<![又比度量务])(又|既)({_ADJECTIVE})又({_ADJECTIVE})(?=$|的|，|,|了|啊|呢|，)")
_PAIR = re.compile(rf"(?:^|(?<=[的个]))({_NOUN})(?:和|与|以及|跟)({_NOUN})(?=都|也都|均|$)")
_DESCRIBES = re.compile(rf"({_NOUN})(?:{_DEGREE})?(?:{_ADJECTIVE})")


def changes(sentence: Sentence) -> Iterator[Pieces]:
    """Yields the sentence with two coordinates in the other order, for each pair that is understood."""
    for at, segment in enumerate(sentence.segments):
        for found in _BOTH.finditer(segment.text):
            if frozenset(found.group(2, 3)) not in FIXED and found[2] != found[3]:
                yield sentence.replaced(
                    at, _swapped(segment.start, segment.end, found.span(2), found.span(3))
                )
        found_pair = _PAIR.search(segment.text)
        if found_pair and found_pair.start() == 0 and found_pair[1] != found_pair[2]:
            one, other = found_pair.span(1), found_pair.span(2)
            yield sentence.replaced(at, _swapped(segment.start, segment.end, one, other))
    yield from _clauses(sentence)


def _swapped(start: int, end: int, one: tuple[int, int], other: tuple[int, int]) -> Pieces:
    """A stretch with two parts of it, counted from its beginning, in each other's place."""
    first, second = (start + one[0], start + one[1]), (start + other[0], start + other[1])
    return ((start, first[0]), second, (first[1], second[0]), first, (second[1], end))


def _clauses(sentence: Sentence) -> Iterator[Pieces]:
    """Neighbours among the descriptions with which the sentence ends.

    What stands behind a description may go on about its subject, so nothing may.
    """
    described: list[re.Match[str] | None] = [
        _DESCRIBES.fullmatch(segment.text) for segment in sentence.segments
    ]
    for at in range(len(described) - 1, 0, -1):
        one, other = described[at - 1], described[at]
        if one is None or other is None or not sentence.has_comma(at):
            return
        if one[1] != other[1]:
            first, second = sentence.segments[at - 1], sentence.segments[at]
            gap = (first.end, second.start)
            yield ((sentence.start, first.start), second.span, gap, first.span, (second.end, sentence.end))
