"""Active to passive and back, for English sentences of a subject, a verb and an object and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from luthier.augment.syntax.change import Pieces
from luthier.augment.syntax.english.forms import inflected
from luthier.augment.syntax.english.grammar import NounPhrase, is_negated, noun_phrase
from luthier.augment.syntax.english.lists import QUANTIFIERS
from luthier.augment.syntax.english.sentence import Sentence
from luthier.augment.syntax.wording import words

_VERBS = words(
    "accept admire amaze annoy answer appreciate approve attack balance ban book bore break bring "
    "build burn buy cancel capture celebrate change check choose clean clear combine confirm "
    "confuse cook correct create criticise criticize damage deliver describe design destroy devour "
    "direct disappoint discover discuss disgust distract drink eat edit elevate encourage entertain "
    "escort evoke examine expose explain explore film finance fix fool forget generate greet grill "
    "handle help hire ignore illustrate impress inform insult interrupt introduce invent invite "
    "irritate kill lead load manage master mention miss mix notice offend open overcome overshadow "
    "own paint perform please pour praise prepare present produce promise propose protect provide "
    "publish raise reject remove repair replace reveal review ruin save season select serve shock "
    "shoot sing solve spoil steal stun support surprise teach test thrill throw translate transform "
    "undermine undercut uplift use wash welcome win write yell"
)
"""Verbs whose object is affected, met or made, and whose passive reads naturally."""
_NO_AGENT = words(
    "window door hand mail phone email time way mistake accident default hour minute end bar table "
    "entrance river train bus car corner beach street day night week year morning evening dozen "
    "pound slice means far standards comparison name nature reputation law kitchen wall park "
    "theater theatre station"
)
"""Behind "by", these say where, when or how rather than who."""
_OBJECTS = {"i": "me", "we": "us", "he": "him", "she": "her", "they": "them"}
_SUBJECTS = {case: subject for subject, case in _OBJECTS.items()}
_OWNERS = {"i": "my", "me": "my", "we": "our", "us": "our", "you": "your"}
_BOUND = words("his her its their")
_BOTH_CASES = ("you", "it")
_MODALS = words("will would can could may might must should")
Form = Literal["past", "present", "modal", "perfect"]


class _Verb(NamedTuple):
    lemma: str
    form: Form


@lru_cache(maxsize=1)
def _forms() -> tuple[dict[str, _Verb], dict[str, str]]:
    """Finite forms, and participles with their lemmas."""
    finite: dict[str, _Verb] = {}
    participles: dict[str, str] = {}
    for lemma in sorted(_VERBS):
        finite[lemma] = finite[inflected(lemma, "VBZ")] = _Verb(lemma, "present")
        finite[inflected(lemma, "VBD")] = _Verb(lemma, "past")
        participles[inflected(lemma, "VBN")] = lemma
    return finite, participles


def changes(sentence: Sentence) -> Iterator[Pieces]:
    """Yields the sentence in the other voice."""
    words = sentence.lower
    if sentence.is_question or not 4 <= len(words) <= 16 or is_negated(words) or set(words) & QUANTIFIERS:
        return
    if not all(word[0].isalnum() for word in words):
        return
    if "by" in words:
        yield from _active(sentence, words)
    else:
        yield from _passive(sentence, words)


def _passive(sentence: Sentence, words: tuple[str, ...]) -> Iterator[Pieces]:
    finite, participles = _forms()
    for at in range(1, min(6, len(words) - 1)):
        auxiliary = words[at] if words[at] in _MODALS | {"has", "have", "had"} else None
        place = at + 1 if auxiliary else at
        subject, object_ = _phrases(words, at, place + 1)
        if subject is None or object_ is None or words[subject.first] in _BOTH_CASES:
            continue
        if auxiliary in _MODALS and words[place] in _VERBS:
            verb = f"{auxiliary} be"
        elif auxiliary in ("has", "have", "had") and words[place] in participles and auxiliary:
            perfect = _be("perfect", object_) if auxiliary != "had" else "had been"
            if perfect is None:
                continue
            verb = perfect
        elif auxiliary is None and words[place] in finite:
            be = _be(_tense(words[place], finite[words[place]], subject), object_)
            if be is None:
                continue
            verb = be
        else:
            continue
        lemma = participles.get(words[place]) or finite[words[place]].lemma
        by = _case(sentence, subject, _OBJECTS)
        opening = _subject(sentence, object_)
        if by is not None:
            yield (*opening, f" {verb} {inflected(lemma, 'VBN')} by ", *by, sentence.closing)
        return


def _tense(word: str, verb: _Verb, subject: NounPhrase) -> Form | None:
    """The tense of a form; None where it does not agree with its subject, or may be either tense."""
    third = subject.person == 3 and subject.is_plural is False
    if verb.form == "past":
        return "past" if word != verb.lemma else None
    if subject.is_plural is None or (word == verb.lemma) == third or inflected(verb.lemma, "VBD") == word:
        return None
    return "present"


def _be(form: Form | None, subject: NounPhrase) -> str | None:
    """The passive's auxiliary for a subject; None where its number is not known."""
    if form is None or subject.is_plural is None:
        return None
    if form == "perfect":
        return "has been" if subject.person == 3 and not subject.is_plural else "have been"
    if subject.is_plural:
        return "were" if form == "past" else "are"
    if form == "past":
        return "was"
    return "am" if subject.person == 1 else "is"


def _active(sentence: Sentence, words: tuple[str, ...]) -> Iterator[Pieces]:
    _, participles = _forms()
    by = words.index("by")
    lemma = participles.get(words[by - 1])
    if lemma is None or words.count("by") > 1 or by + 1 == len(words) or by < 3:
        return
    be = by - 2
    if (words[be] == "been" and by >= 4 and words[be - 1] in ("has", "have", "had")) or (
        words[be] == "be" and by >= 4 and words[be - 1] in _MODALS
    ):
        be -= 1
    patient, agent = _phrases(words, be, by + 1)
    if patient is None or agent is None or words[len(words) - 1] in _NO_AGENT:
        return
    verb = _active_verb(words[be], lemma, agent)
    moved = _case(sentence, patient, _OBJECTS)
    if verb is not None and moved is not None:
        yield (*_subject(sentence, agent), f" {verb} ", *moved, sentence.closing)


def _active_verb(auxiliary: str, lemma: str, subject: NounPhrase) -> str | None:
    third = subject.person == 3 and not subject.is_plural
    if auxiliary in ("was", "were"):
        return inflected(lemma, "VBD")
    if auxiliary in _MODALS:
        return f"{auxiliary} {lemma}"
    if auxiliary == "had":
        return f"had {inflected(lemma, 'VBN')}"
    if subject.is_plural is None:
        return None
    if auxiliary in ("has", "have"):
        return f"{'has' if third else 'have'} {inflected(lemma, 'VBN')}"
    if auxiliary in ("is", "are", "am"):
        return inflected(lemma, "VBZ") if third else lemma
    return None


def _phrases(words: tuple[str, ...], end: int, start: int) -> tuple[NounPhrase | None, NounPhrase | None]:
    """The phrase before the verb group and the one behind it, where neither may point to the other."""
    if end < 1 or start >= len(words):
        return None, None
    first, second = noun_phrase(words, 0, end), noun_phrase(words, start, len(words))
    if first is None or second is None:
        return None, None
    both = {*words[:end], *words[start:]}
    owned = any(_OWNERS.get(word) in both for word in both)
    bound = any(
        word in _BOUND and phrase.last - phrase.first > 1
        for phrase in (first, second)
        for word in words[phrase.first : phrase.last]
    )
    return (None, None) if owned or bound else (first, second)


def _case(sentence: Sentence, phrase: NounPhrase, cases: dict[str, str]) -> Pieces | None:
    """A phrase behind the verb."""
    word = sentence.lower[phrase.first]
    if word in cases:
        return (cases[word],)
    if word in _SUBJECTS:
        return (sentence.stretch(phrase.first, phrase.last),)
    return sentence.inner(phrase.first, phrase.last)


def _subject(sentence: Sentence, phrase: NounPhrase) -> Pieces:
    """A phrase at the beginning of the sentence."""
    word = sentence.lower[phrase.first]
    if word not in _SUBJECTS:
        return sentence.opening(phrase.first, phrase.last)
    subject = _SUBJECTS[word]
    lowered = sentence.text[sentence.start].islower()
    return (subject if lowered and (subject != "i" or sentence.comma == " ,") else subject.capitalize(),)
