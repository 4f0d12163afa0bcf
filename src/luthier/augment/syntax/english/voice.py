"""Active to passive and back, for English clauses of a subject, a verb and an object and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from luthier.augment.syntax.change import Pieces
from luthier.augment.syntax.english.forms import inflected
from luthier.augment.syntax.english.grammar import NounPhrase, Words, is_negated, noun_phrase
from luthier.augment.syntax.english.lists import (
    COORDINATORS,
    DETERMINERS,
    MOMENTS,
    NOMINATIVE,
    NOUNS,
    QUANTIFIERS,
    SUBORDINATORS,
    TRANSITIVE,
)
from luthier.augment.syntax.english.sentence import Sentence
from luthier.augment.syntax.wording import words as listed

_NO_AGENT = listed(
    "window door hand mail phone email time way mistake accident default hour minute end bar table "
    "entrance river train bus car corner beach street day night week year morning evening dozen "
    "pound slice means far standards comparison name nature reputation law kitchen wall park "
    "theater theatre station book"
)
"""Behind "by", these say where, when or how rather than who."""
_OBJECTS = {"i": "me", "we": "us", "he": "him", "she": "her", "they": "them"}
_SUBJECTS = {case: subject for subject, case in _OBJECTS.items()}
_OWNERS = {"i": "my", "we": "our"}
_BOUND = listed("his her its their")
_BOTH_CASES = ("you", "it")
_MODALS = listed("will would can could may might must should")
_HAVE = ("has", "have", "had")
_ADVERBS = listed(
    "pleasantly promptly quickly immediately warmly constantly repeatedly completely totally "
    "beautifully perfectly personally thoroughly greatly utterly deeply finally eventually"
)
_JOINING = COORDINATORS | {","}
_LINKS = SUBORDINATORS | {"but", "and"}
_LONGEST = 14


class _Parts(NamedTuple):
    """A clause: subject, auxiliaries, adverb and verb, and the phrase behind them, as places of words."""

    subject: NounPhrase
    auxiliaries: Words
    adverb: int | None
    verb: str
    other: NounPhrase


@lru_cache(maxsize=1)
def _finite() -> dict[str, tuple[str, Literal["past", "present"]]]:
    """Forms without an auxiliary, with their lemma and tense; forms that are both tenses are left out."""
    found: dict[str, tuple[str, Literal["past", "present"]]] = {}
    for lemma in sorted(TRANSITIVE):
        past = inflected(lemma, "VBD")
        found[inflected(lemma, "VBZ")] = (lemma, "present")
        if past != lemma:
            found[lemma], found[past] = (lemma, "present"), (lemma, "past")
    return found


@lru_cache(maxsize=1)
def _participles() -> dict[str, str]:
    return {inflected(lemma, "VBN"): lemma for lemma in sorted(TRANSITIVE)}


def changes(sentence: Sentence) -> Iterator[Pieces]:
    """Yields the sentence with one of its clauses in the other voice."""
    if sentence.is_question:
        return
    words = sentence.lower
    for first, last in _clauses(words):
        clause = words[first:last]
        if not 4 <= len(clause) <= _LONGEST or is_negated(clause) or set(clause) & QUANTIFIERS:
            continue
        if "by" in clause:
            found = _active(sentence, words, first, last)
        else:
            found = _passive(sentence, words, first, last)
        if found is not None:
            begin, end = sentence.words[first].start, sentence.words[last - 1].end
            yield ((sentence.start, begin), *found, (end, sentence.end))


def _clauses(words: Words) -> Iterator[tuple[int, int]]:
    """Yields the whole sentence, or those of its clauses that surely begin or end at a link word."""
    links = [at for at in range(1, len(words) - 1) if words[at] in _LINKS and _begins(words[at + 1])]
    links = [at for at in links if words[at] in SUBORDINATORS or words[at - 1] == ","]
    if not links:
        yield 0, len(words)
        return
    if words[links[0]] in SUBORDINATORS and not _JOINING.isdisjoint(words[links[0] :]):
        return
    yield 0, links[0] - (words[links[0] - 1] == ",")
    if words[links[-1]] not in SUBORDINATORS:
        yield links[-1] + 1, len(words)


def _begins(word: str) -> bool:
    """Tells whether a clause may begin with a word."""
    return word in NOMINATIVE | DETERMINERS | NOUNS or word == "it"


def _passive(sentence: Sentence, words: Words, first: int, last: int) -> Pieces | None:
    for at in range(first + 1, min(first + 6, last - 1)):
        auxiliary = (words[at],) if words[at] in _MODALS or words[at] in _HAVE else ()
        verb = at + len(auxiliary)
        adverb = verb if words[verb] in _ADVERBS else None
        parts = _parts(words, (first, at), auxiliary, adverb, verb + (adverb is not None), last)
        if parts is None or words[parts.subject.first] in _BOTH_CASES:
            continue
        if _OWNERS.get(words[parts.subject.first]) in words[parts.other.first : parts.other.last]:
            continue
        be = _be(parts)
        by = _behind(sentence, parts.subject, first)
        if be is None or by is None:
            continue
        how = (" ", sentence.stretch(adverb, adverb + 1)) if adverb is not None else ()
        lemma = _finite().get(parts.verb, (_participles().get(parts.verb, parts.verb),))[0]
        participle = inflected(lemma, "VBN")
        return (*_before(sentence, parts.other, first), f" {be}", *how, f" {participle} by ", *by)
    return None


def _parts(
    words: Words, subject: tuple[int, int], auxiliaries: Words, adverb: int | None, verb: int, last: int
) -> _Parts | None:
    """Reads a clause whose verb stands at a known place; None where either phrase is none, or points."""
    if verb + 1 >= last:
        return None
    one, other = noun_phrase(words, *subject), noun_phrase(words, verb + 1, last)
    if one is None or other is None or words[last - 1] in MOMENTS:
        return None
    longer = [words[phrase.first : phrase.last] for phrase in (one, other) if phrase.last - phrase.first > 1]
    if any(word in _BOUND for phrase in longer for word in phrase):
        return None
    return _Parts(one, auxiliaries, adverb, words[verb], other)


def _be(parts: _Parts) -> str | None:
    """The auxiliaries of the passive; None where the verb, a number or a tense is not known."""
    modal = parts.auxiliaries[0] if parts.auxiliaries else None
    if modal in _MODALS:
        return f"{modal} be" if parts.verb in TRANSITIVE else None
    if modal is not None:
        if parts.verb not in _participles():
            return None
        return "had been" if modal == "had" else _agreeing(parts.other, "has been", "have been", "have been")
    lemma, tense = _finite().get(parts.verb, (None, None))
    if tense == "past":
        return _agreeing(parts.other, "was", "were", "was")
    third = parts.subject.person == 3 and not parts.subject.is_plural
    if tense is None or parts.subject.is_plural is None or third == (parts.verb == lemma):
        return None
    return _agreeing(parts.other, "is", "are", "am")


def _agreeing(subject: NounPhrase, singular: str, plural: str, first: str) -> str | None:
    if subject.is_plural is None:
        return None
    if subject.is_plural:
        return plural
    return singular if subject.person == 3 else first


def _active(sentence: Sentence, words: Words, first: int, last: int) -> Pieces | None:
    by = words.index("by", first, last)
    if "by" in words[by + 1 : last] or words[last - 1] in _NO_AGENT or by < first + 3:
        return None
    lemma = _participles().get(words[by - 1])
    adverb = by - 2 if words[by - 2] in _ADVERBS else None
    be = by - 2 - (adverb is not None)
    begin = be - 1 if words[be] in ("be", "been") else be
    if lemma is None or begin <= first:
        return None
    parts = _parts(words, (first, begin), words[begin : be + 1], adverb, by, last)
    if parts is None:
        return None
    verb = _active_verb(parts.auxiliaries, lemma, parts.other)
    moved = _behind(sentence, parts.subject, first)
    if verb is None or moved is None:
        return None
    how = (sentence.stretch(adverb, adverb + 1), " ") if adverb is not None else ()
    return (*_before(sentence, parts.other, first), f" {verb[0]}", *how, f"{verb[1]} ", *moved)


def _active_verb(auxiliaries: Words, lemma: str, subject: NounPhrase) -> tuple[str, str] | None:
    """What stands before an adverb and behind it; None where the number of the subject is not known."""
    third = subject.person == 3 and not subject.is_plural
    if auxiliaries in (("was",), ("were",)):
        return "", inflected(lemma, "VBD")
    if auxiliaries[0] in _MODALS and auxiliaries[-1] == "be":
        return f"{auxiliaries[0]} ", lemma
    if auxiliaries == ("had", "been"):
        return "had ", inflected(lemma, "VBN")
    if subject.is_plural is None:
        return None
    if auxiliaries in (("has", "been"), ("have", "been")):
        return ("has " if third else "have "), inflected(lemma, "VBN")
    if auxiliaries in (("is",), ("are",), ("am",)):
        return "", inflected(lemma, "VBZ") if third else lemma
    return None


def _behind(sentence: Sentence, phrase: NounPhrase, first: int) -> Pieces | None:
    """The phrase that begins the clause, to stand behind its verb."""
    word = sentence.lower[phrase.first]
    if word in _OBJECTS and phrase.last - phrase.first == 1:
        return (_OBJECTS[word],)
    if first:
        return (sentence.stretch(phrase.first, phrase.last),)
    return sentence.inner(phrase.first, phrase.last)


def _before(sentence: Sentence, phrase: NounPhrase, first: int) -> Pieces:
    """The phrase behind the verb, to begin the clause."""
    word = sentence.lower[phrase.first]
    if word not in _SUBJECTS or phrase.last - phrase.first > 1:
        stretch = (sentence.stretch(phrase.first, phrase.last),)
        return stretch if first else sentence.opening(phrase.first, phrase.last)
    subject = _SUBJECTS[word]
    if subject == "i":
        return (subject if sentence.is_folded else "I",)
    return (subject if first or sentence.text[sentence.start].islower() else subject.capitalize(),)
