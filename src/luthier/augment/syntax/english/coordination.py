"""A and B as B and A: adjectives, nouns, noun phrases and clauses whose order carries no meaning."""

from __future__ import annotations

from collections.abc import Iterator

from luthier.augment.syntax.change import Pieces
from luthier.augment.syntax.english.forms import is_finite, is_open
from luthier.augment.syntax.english.grammar import Words, is_adverb, is_negated, is_tangled, noun_phrase
from luthier.augment.syntax.english.lists import (
    ADJECTIVES,
    AUXILIARIES,
    BE,
    CLOSED,
    COORDINATORS,
    DEGREES,
    DETERMINERS,
    FIXED,
    FOCUS,
    NOUNS,
    PREPOSITIONS,
    SUBORDINATORS,
)
from luthier.augment.syntax.english.sentence import Sentence
from luthier.augment.syntax.wording import words

_COPULAS = BE | words("looked looks seemed seems tasted tastes felt feels")
_SHORTENED = words("it that this there he she what everything food service place")
_FIRST = words("nice good")
"""As in "nice and warm", "good and strong": a degree rather than a quality."""
_MARKS = frozenset(",.;:!?()")


def changes(sentence: Sentence) -> Iterator[Pieces]:
    """Yields the sentence with two coordinates in the other order, for each pair that is understood."""
    words = sentence.lower
    for at in range(1, len(words) - 1):
        if words[at] != "and" or sentence.text[sentence.words[at].start].isupper():
            continue
        for rule in (_adjectives, _nouns, _phrases, _clauses):
            found = rule(words, at)
            if found is None:
                continue
            swapped = _swapped(sentence, at, *found)
            if swapped is not None:
                yield swapped
            break


def _swapped(sentence: Sentence, at: int, first: int, last: int) -> Pieces | None:
    """The words from `first` to the "and" at `at`, and those behind it to `last`, in the other order."""
    end = at - 1 if sentence.lower[at - 1] == "," else at
    moved = sentence.inner(first, end)
    if moved is None or any(word.text[0].isupper() for word in sentence.words[at + 1 : last]):
        return None
    if any(word.text[0].isupper() for word in sentence.words[max(first, 1) : end]):
        return None
    front = sentence.opening(at + 1, last) if first == 0 else (sentence.stretch(at + 1, last),)
    link = (sentence.words[end - 1].end, sentence.words[at + 1].start)
    behind = (sentence.words[last - 1].end, sentence.end)
    return (*_before(sentence, first, at + 1), *front, link, *moved, behind)


def _before(sentence: Sentence, first: int, opening: int) -> Pieces:
    """What stands before word `first`, where word `opening` is going to: "an" becomes "a" and back."""
    start = sentence.words[first].start
    article = sentence.words[first - 1] if first else None
    if article is None or article.lower not in ("a", "an"):
        return ((sentence.start, start),)
    wanted = "an" if sentence.lower[opening][0] in "aeiou" else "a"
    if wanted == article.lower:
        return ((sentence.start, start),)
    shown = wanted.capitalize() if article.text[0].isupper() else wanted
    return ((sentence.start, article.start), shown, (article.end, start))


def _is_edge(words: Words, at: int) -> bool:
    """Tells whether nothing that follows can belong to the second coordinate alone."""
    return at >= len(words) or words[at] in _MARKS or words[at] in SUBORDINATORS | {"but"}


def _adjectives(words: Words, at: int) -> tuple[int, int] | None:
    """Reads "was cold and bland", "a boring and predictable film"."""
    if (
        words[at - 1] not in ADJECTIVES
        or words[at - 1] in _FIRST
        or frozenset((words[at - 1], words[at + 1])) in FIXED
    ):
        return None
    first, last = at - 1, at + 2
    if words[at + 1] in DEGREES and last < len(words) and words[first - 1] == words[at + 1]:
        first, last = first - 1, last + 1
    if words[last - 1] not in ADJECTIVES or words[last - 1] in _FIRST or first == 0:
        return None
    before = words[first - 1]
    if before == "'s" and (first < 2 or words[first - 2] not in _SHORTENED):
        return None
    if before in _COPULAS and _is_edge(words, last):
        return first, last
    if before in DETERMINERS - {"that"} and last < len(words) and words[last] in NOUNS:
        return None if _vowel_unsure(words[first], words[last - 1]) else (first, last)
    return None


def _vowel_unsure(*words: str) -> bool:
    """Whether the article before a word cannot be told from its first letter."""
    return any(
        word.startswith(("u", "ho", "eu", "one", "8", "11")) and word not in ("ugly",) for word in words
    )


def _nouns(words: Words, at: int) -> tuple[int, int] | None:
    """Reads "the food and service were", "great food and service."."""
    one, other = words[at - 1], words[at + 1]
    if one not in NOUNS or other not in NOUNS or one == other or frozenset((one, other)) in FIXED:
        return None
    before = words[at - 2] if at > 1 else None
    behind = words[at + 2] if at + 2 < len(words) else None
    if before is not None and before not in DETERMINERS - {"a", "an", "this", "that"} | _MARKS:
        return None
    if before is None and behind is None:
        return None
    if behind in ("was", "is", "'s") or (behind is not None and behind not in AUXILIARIES | _MARKS | {"but"}):
        return None
    if before == "," or behind == "," or (behind in AUXILIARIES and at > 2 and words[at - 3] != "but"):
        return None
    if at > 2 and words[at - 3] in PREPOSITIONS | FOCUS | COORDINATORS - {"but"}:
        return None
    return at - 1, at + 2


def _phrases(words: Words, at: int) -> tuple[int, int] | None:
    """Reads "the soup and the bread were", behind a verb or at the beginning."""
    if words[at + 1] not in DETERMINERS:
        return None
    first = next((place for place in range(at - 1, max(at - 5, -1), -1) if words[place] in CLOSED), None)
    last = next((place for place in range(at + 2, len(words)) if not is_open(words[place])), len(words))
    if first is None or words[first] not in DETERMINERS or last - at > 5:
        return None
    one, other = noun_phrase(words, first, at), noun_phrase(words, at + 1, last)
    if one is None or other is None or words[at - 1] == words[last - 1]:
        return None
    if frozenset((words[at - 1], words[last - 1])) in FIXED or is_tangled(
        words[first:at], words[at + 1 : last]
    ):
        return None
    if first:
        return (
            (first, last)
            if is_finite(words[first - 1]) and words[first - 1] not in BE and last == len(words)
            else None
        )
    return (
        (0, last)
        if last < len(words) and words[last] in AUXILIARIES - {"'s", "is", "was", "has", "does"}
        else None
    )


def _clauses(words: Words, at: int) -> tuple[int, int] | None:
    """Reads "the food was great and the service was slow", where that is the whole sentence."""
    end = at - 1 if words[at - 1] == "," else at
    if (
        is_negated(words)
        or "," in words[:end]
        or not _describes(words, 0, end)
        or not _describes(words, at + 1, len(words))
    ):
        return None
    return None if is_tangled(words[:end], words[at + 1 :]) else (0, len(words))


def _describes(words: Words, first: int, last: int) -> bool:
    """Tells whether words are a subject, a form of "be" and an adjective."""
    verb = next((place for place in range(first, last) if words[place] in BE), None)
    if verb is None or verb == first or last - verb < 2 or words[last - 1] not in ADJECTIVES:
        return False
    if not all(word in DEGREES or is_adverb(word) for word in words[verb + 1 : last - 1]):
        return False
    subject = words[first:verb]
    return (len(subject) == 1 and subject[0] in NOUNS) or (
        subject[0] in DETERMINERS and noun_phrase(words, first, verb) is not None
    )
