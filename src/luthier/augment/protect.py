"""What must stay letter for letter, so that a varied text still means what its label says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from luthier.augment.base import join_spans
from luthier.augment.literals import literals
from luthier.augment.negation import negations
from luthier.augment.variant import Span
from luthier.augment.words import word_list
from luthier.tasks import UNPLACED, Aspects, Entity, Example, Task
from luthier.text import is_cjk

_LATIN_WORD = re.compile(r"[^\W\d_]++(?:['’][^\W\d_]++)*+")
_PART = re.compile(r"[^\W\d_]+")
_EDGES = " \t\r\n.,;:!?\"'“”‘’。，；：！？、…"
_COMMON = frozenset(word_list("common.en"))


def protected_spans(example: Example, task: Task) -> tuple[Span, ...]:
    """Returns what an augmenter must leave as it is.

    That is: entities; negations with what they negate; numbers, dates, prices and addresses; the names of the
    task's aspects and the words they are made of; label words; and what the reasons quote.

    Args:
        example: Labelled or not.
        task: Whose label space counts.

    Returns:
        Spans of `example.text`: sorted, not overlapping, not empty, as `Source.protected` wants them.
    """
    text = example.text
    spans = [*_entities(example), *negations(text), *literals(text), *_names(text, task)]
    for reason in example.reasons.values():
        spans += _quotes(text, reason)
    return join_spans(spans)


def _entities(example: Example) -> Iterator[Span]:
    if isinstance(example.target, tuple):
        for item in example.target:
            if isinstance(item, Entity) and item.start != UNPLACED:
                yield item.start, item.end


def _names(text: str, task: Task) -> Iterator[Span]:
    """Yields where labels stand in the text, and aspects or words of their names."""
    labels = tuple(dict.fromkeys(label for field in task.schema().fields for label in field.labels))
    aspects = task.aspects if isinstance(task, Aspects) else ()
    pattern = _pattern(labels, aspects)
    if pattern is not None:
        yield from (found.span() for found in pattern.finditer(text))


@lru_cache(maxsize=64)
def _pattern(labels: tuple[str, ...], aspects: tuple[str, ...]) -> re.Pattern[str] | None:
    names = {_as_pattern(label) for label in labels if len(label) > 1}
    for aspect in aspects:
        names |= {_as_pattern(word, inflected=True) for word in (aspect, *_words(aspect))}
    # The longest first, so that a name is found whole where one of its words stands in the pattern too.
    return re.compile("|".join(sorted(names, key=lambda name: (-len(name), name))), re.I) if names else None


def _as_pattern(name: str, *, inflected: bool = False) -> str:
    if any(map(is_cjk, name)):
        return re.escape(name)
    if inflected and len(name) > 3:  # price for prices, and prices for price
        name = name[:-1] if name.endswith("s") and not name.endswith("ss") else name
        return rf"(?<![A-Za-z]){re.escape(name)}(?:e?s|'s)?(?![A-Za-z])"
    return rf"(?<!\w){re.escape(name)}(?!\w)"


def _words(name: str) -> list[str]:
    """Returns the words of content that a name is made of: `food_quality`, `交通便利`."""
    import rjieba

    words: list[str] = []
    for part in _PART.findall(name.replace("_", " ")):
        words += rjieba.cut(part) if any(map(is_cjk, part)) else [part]
    least = {True: 2, False: 3}
    return [word for word in words if len(word) >= least[is_cjk(word[0])] and word.casefold() not in _COMMON]


def _quotes(text: str, reason: str) -> Iterator[Span]:
    """Yields what a reason quotes: all of it where it stands in the text, else the words they share.

    Of Chinese, whose words are not told apart, any two characters that stand together in both count.
    """
    whole = reason.strip(_EDGES)
    if whole and whole in text:
        yield from (found.span() for found in re.finditer(re.escape(whole), text))
        return
    words = {found.group().casefold() for found in _LATIN_WORD.finditer(reason)} - _COMMON
    for found in _LATIN_WORD.finditer(text):
        if found.group().casefold() in words:
            yield found.span()
    pairs = {reason[at : at + 2] for at in range(len(reason) - 1)}
    for at in range(len(text) - 1):
        if text[at : at + 2] in pairs and is_cjk(text[at]) and is_cjk(text[at + 1]):
            yield at, at + 2
