"""An adverbial moved from the front of an English clause to its end, or from the end to the front."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from luthier.augment.syntax.change import Pieces
from luthier.augment.syntax.english.forms import is_finite, is_open, parts
from luthier.augment.syntax.english.grammar import Words, clause, is_negated, is_tangled
from luthier.augment.syntax.english.lists import BE, DETERMINERS, PREPOSITIONS, QUANTIFIERS
from luthier.augment.syntax.english.sentence import Sentence
from luthier.augment.syntax.wording import words

_PART = "morning|afternoon|evening|night"
_DAY = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_UNIT = "day|night|week|weekend|month|year"
_TIME = re.compile(
    rf"yesterday(?: (?:{_PART}))?|tomorrow(?: (?:{_PART}))?|today|tonight|recently|nowadays"
    rf"|last (?:{_UNIT}|{_DAY}|summer|winter|spring|fall)(?: (?:{_PART}))?"
    rf"|this (?:{_UNIT}|{_PART}|{_DAY})"
    rf"|(?:a|one|two|three|four|five|six|several|a few|a couple of|many|\d+) (?:{_UNIT}|hour)s? ago"
    rf"|(?:on )?(?:{_DAY})(?: (?:{_PART}))?|the other (?:day|night)"
    r"|on (?:our|my) (?:first|last) (?:visit|trip)"
    r"|(?:for|on) (?:my|our|his|her) (?:birthday|anniversary)|in the (?:morning|afternoon|evening|end)"
)
_MANNER = words("quickly slowly quietly gently patiently carefully politely promptly eagerly calmly")
_OF_SENTENCE = words("unfortunately fortunately luckily sadly thankfully surprisingly")
_SHORT = words("yesterday today tonight tomorrow")
"""Set off by no comma at the front."""
_FRONTED = words("after before during despite in at on for from upon throughout with inside outside")
_CONNECTING = words(
    "culture whole total account fact addition general short particular contrast conclusion summary essence "
    "all first last least best worst example instance starters one once other hand top contrary "
    "that this it which what said mind time point being times case cases theory truth now moment "
    "rate order sum effect turn way look "
)
"""A phrase with one of these joins its sentence to another, or says how it is meant."""
_STATES = words(
    "get gets got become becomes became grow grows grew turn turns turned go goes went feel feels felt "
    "look looks looked seem seems seemed taste tastes tasted"
)
"""Verbs that nobody does slowly or politely."""
_INTRANSITIVE = words("ate dined went came arrived stopped called left")
_LONGEST = 6
_FAR = 14


def changes(sentence: Sentence) -> Iterator[Pieces]:
    """Yields the sentence with an adverbial at its other edge."""
    words = sentence.lower
    if sentence.is_question or words.count(",") > 1 or len(words) < 4:
        return
    yield from _to_the_end(sentence, words)
    yield from _to_the_front(sentence, words)


def _to_the_end(sentence: Sentence, words: Words) -> Iterator[Pieces]:
    start, last = _fronted(words)
    if not last:
        return
    main = words[start:]
    found = clause(words, start, len(words))
    if (
        not found
        or is_tangled(words[:last], found.content(words))
        or main[0] == "there"
        or _is_timed(words, start)
    ):
        return
    if words[0] not in _OF_SENTENCE and (
        is_negated(main) or _reaches_far(main) or (words[0] in _MANNER and words[found.verb] in BE | _STATES)
    ):
        return
    moved = sentence.inner(0, last)
    if moved is None:
        return
    comma = (sentence.comma,) if words[0] in _OF_SENTENCE else ()
    yield (*sentence.opening(start, len(words)), *comma, " ", *moved, sentence.closing)


def _reaches_far(main: Words) -> bool:
    """Whether what comes behind a clause would rather belong to the last thing in it."""
    infinitive = any(word == "to" and "VERB" in parts(behind) for word, behind in pairwise(main))
    return infinitive or "due" in main or len(main) > _FAR


def _fronted(words: Words) -> tuple[int, int]:
    """Returns where the clause begins and where the adverbial before it ends; zeros where there is none."""
    if "," in words:
        at = words.index(",")
        if _is_time(words[:at]) or (at == 1 and words[0] in _OF_SENTENCE | _MANNER):
            return at + 1, at
        return (at + 1, at) if _is_phrase(words[:at]) and at + 2 < len(words) else (0, 0)
    for at in range(min(_LONGEST, len(words) - 2), 0, -1):
        if _is_time(words[:at]):
            return at, at
    return 0, 0


def _is_time(words: Words) -> bool:
    return len(words) <= _LONGEST and _TIME.fullmatch(" ".join(words)) is not None


def _is_timed(words: Words, start: int) -> bool:
    """Whether the clause ends on a time itself, behind which another adverbial reads badly."""
    return any(_is_time(words[at:]) for at in range(max(start, len(words) - _LONGEST), len(words)))


def _is_phrase(words: Words) -> bool:
    """Tells whether words are a preposition with what surely belongs to it, and no connective."""
    if (
        words[0] not in _FRONTED
        or words == ("before", "long")
        or not 2 <= len(words) <= 8
        or set(words) & _CONNECTING
    ):
        return False
    if words[0] in ("with", "in", "on", "at", "for") and any(word.endswith("ing") for word in words[:3]):
        return False
    allowed = DETERMINERS | QUANTIFIERS | {"of", "and", "very", "in", "at", "$", "with", "other"}
    return is_open(words[-1]) and not any(
        is_finite(word) or not (is_open(word) or word in allowed) for word in words[1:]
    )


def _to_the_front(sentence: Sentence, words: Words) -> Iterator[Pieces]:
    for at in range(max(3, len(words) - _LONGEST), len(words)):
        tail = words[at:]
        if _is_time(tail) or tail[0] in _OF_SENTENCE | _MANNER:
            break
    else:
        return
    free = tail[0] in _OF_SENTENCE
    end = at - 1 if words[at - 1] == "," else at
    if (len(tail) > 1 and not _is_time(tail)) or ("," in words) != (end < at) or (free and end == at):
        return
    found = clause(words, 0, end)
    if not found or (not free and not _modifies_all(words, found.verb, found.rest, end)):
        return
    moved = sentence.inner(0, end)
    if moved is None or is_tangled(found.content(words), tail):
        return
    if tail[0] in _MANNER and words[found.verb] in BE | _STATES:
        return
    comma = () if len(tail) == 1 and tail[0] in _SHORT else (sentence.comma,)
    yield (*sentence.opening(at, len(words)), *comma, " ", *moved, sentence.closing)


def _modifies_all(words: Words, verb: int, rest: int, end: int) -> bool:
    """Tells whether what stands behind `end` belongs to the clause's one verb."""
    before = words[end - 1]
    if before in PREPOSITIONS | DETERMINERS | QUANTIFIERS or is_negated(words[:end]):
        return False
    if set(words[rest:end]) & {"to", "like", "of", "better", "worse", "best", "since", "until", "till"}:
        return False
    return rest < end or words[verb] in _INTRANSITIVE
