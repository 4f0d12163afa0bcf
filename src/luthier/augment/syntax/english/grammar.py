"""What the rules understand of an English sentence: simple clauses and noun phrases."""

from __future__ import annotations

from dataclasses import dataclass

from luthier.augment.syntax.english.forms import is_finite, is_noun, is_open, is_plural, parts, verb_lemma
from luthier.augment.syntax.english.lists import (
    ADJECTIVES,
    ANAPHORS,
    AUXILIARIES,
    BE,
    CLOSED,
    CONTRACTED,
    COORDINATORS,
    DEGREES,
    DETERMINERS,
    HAVE,
    NEGATIONS,
    NOMINATIVE,
    NOUNS,
    RELATIVES,
    REPORTING,
    SUBORDINATORS,
)
from luthier.augment.syntax.wording import words

Words = tuple[str, ...]

_SUBJECTS = NOMINATIVE | {"it", "you", "there", "this", "everything", "everyone", "everybody"}
_BETWEEN = words("also always often usually never both all really just still already certainly even")
_CLAUSAL = SUBORDINATORS | RELATIVES | NOMINATIVE | {"there", "if", "than", "because"}
_PARTICIPLE_AFTER = BE | HAVE | CONTRACTED | words("get gets got getting be been being seem seemed")


@dataclass(frozen=True, slots=True)
class Clause:
    """A finite clause.

    Attributes:
        first: Its first word.
        verb: Its first finite verb.
        rest: The word behind the verb group: auxiliaries, negations and adverbs.
        last: The word behind its last one.
    """

    first: int
    verb: int
    rest: int
    last: int

    def content(self, words: Words) -> Words:
        """Returns its words without the verb group."""
        return (*words[self.first : self.verb], *words[self.rest : self.last])


def is_adverb(word: str) -> bool:
    """Tells whether a word is one of the adverbs that may stand beside a verb."""
    return word in _BETWEEN or (word.endswith("ly") and "ADV" in parts(word) and "ADJ" not in parts(word))


def clause(words: Words, first: int, last: int) -> Clause | None:
    """Reads words as one simple clause: one subject, one finite verb, nothing embedded or coordinated.

    A coordinated subject or predicate adjective ("the bread and wine were cold and stale") is still simple.
    None where the words are no such clause, or it is unsure whether they are.
    """
    verb = _verb(words, first, last)
    if verb is None:
        return None
    rest = verb + 1
    while rest < last and (words[rest] in AUXILIARIES | NEGATIONS or is_adverb(words[rest])):
        rest += 1
    if any(verb_lemma(word) in REPORTING or word in REPORTING for word in words[verb:last]):
        return None
    if (rest == last and words[verb] in AUXILIARIES | CONTRACTED) or words[last - 1] in NEGATIONS:
        return None
    if not all(_belongs(words, at, last) for at in range(rest, last)):
        return None
    return Clause(first, verb, rest, last)


def _verb(words: Words, first: int, last: int) -> int | None:
    """Finds the finite verb behind the subject with which the words begin."""
    if first >= last:
        return None
    if words[first] in CONTRACTED:
        return None if words[first].endswith("n't") or "'" not in words[first] else first
    if words[first] in _SUBJECTS:
        at = first + 1
        while at < last and is_adverb(words[at]):
            at += 1
        if at == last or not (words[at] in AUXILIARIES | CONTRACTED or "VERB" in parts(words[at])):
            return None
        return at if is_finite(words[at]) or words[first] in NOMINATIVE | {"you"} else None
    if words[first] not in DETERMINERS | NOUNS and parts(words[first]):
        return None
    for at in range(first, min(last, first + 9)):
        if at > first and is_finite(words[at]):
            return at if is_noun(words[at - 1]) else None
        starts = at == first or words[at - 1] in ("of", "and")
        if not (is_open(words[at]) or words[at] in ("of", "and") or (starts and words[at] in DETERMINERS)):
            return None
    return None


def _belongs(words: Words, at: int, last: int) -> bool:
    """Tells whether a word behind the verb surely stands in the same clause."""
    word = words[at]
    if word == "'s":
        return at + 1 < last and is_open(words[at + 1])
    if word == "there" and at + 1 == last:
        return True
    if not word[0].isalnum() or word in _CLAUSAL | AUXILIARIES | CONTRACTED:
        return False
    if word in COORDINATORS:
        return word == "and" and at + 2 == last and {words[at - 1], words[at + 1]} <= ADJECTIVES
    if is_finite(word):
        return words[at - 1] in _PARTICIPLE_AFTER or is_adverb(words[at - 1])
    return True


def is_negated(words: Words) -> bool:
    """Tells whether there is a negation, or a word that works like one."""
    return any(word in NEGATIONS or word.endswith("n't") for word in words)


def is_tangled(one: Words, other: Words) -> bool:
    """Tells whether a word of one clause may stand for something in the other: their order matters."""
    return _may_point(one, other) or _may_point(other, one)


def _may_point(one: Words, other: Words) -> bool:
    """Whether a pronoun of the one may mean a noun of the other.

    A pronoun that is the subject of the other one too points to something before both.
    """
    pointing = {
        ANAPHORS[word]
        for at, word in enumerate(one)
        if word in ANAPHORS and not _is_determiner(one, at) and not _is_auxiliary(one, at)
    }
    pointing -= {ANAPHORS[word] for word in other[:1] if word in ANAPHORS.keys() - DETERMINERS}
    return bool(pointing) and any(is_noun(word) for word in other)


def _is_determiner(words: Words, at: int) -> bool:
    """Whether a demonstrative or "both" has its noun behind it."""
    pointing = ("this", "that", "these", "those", "both", "same", "such", "one", "either")
    return words[at] in pointing and at + 1 < len(words) and words[at + 1] not in CLOSED


def _is_auxiliary(words: Words, at: int) -> bool:
    """Whether "do" has its verb behind it, or "there" and "here" need nothing said before."""
    if words[at] in ("there", "here"):
        return at + 1 < len(words) and words[at + 1] in BE
    return words[at] in ("do", "does", "did") and at + 1 < len(words)


@dataclass(frozen=True, slots=True)
class NounPhrase:
    """A noun phrase without anything behind its head.

    Attributes:
        first: Its first word.
        last: The word behind its last one, the head.
        is_plural: None where that cannot be told.
        person: 1 or 2 for "I", "we" and "you", else 3.
    """

    first: int
    last: int
    is_plural: bool | None
    person: int = 3


_PRONOUN_NUMBERS = {
    "i": (False, 1), "me": (False, 1), "we": (True, 1), "us": (True, 1), "he": (False, 3), "him": (False, 3),
    "she": (False, 3), "they": (True, 3), "them": (True, 3), "it": (False, 3),
}  # fmt: skip
_SINGULAR = words("a an this that")
_PLURAL = words("these those")


def noun_phrase(words: Words, first: int, last: int) -> NounPhrase | None:
    """Reads words, all of them, as one noun phrase: a pronoun, or a determiner with what belongs to it.

    Two of them may be joined by "of" or "and"; one without a determiner must be a plural, but not
    behind "of".
    """
    if last - first == 1 and words[first] in _PRONOUN_NUMBERS:
        plural, person = _PRONOUN_NUMBERS[words[first]]
        return NounPhrase(first, last, plural, person)
    joints = [at for at in range(first + 1, last - 1) if words[at] in ("of", "and")]
    if not joints:
        return _simple_phrase(words, first, last)
    at = joints[0]
    one, other = _simple_phrase(words, first, at), _simple_phrase(words, at + 1, last, bare=words[at] == "of")
    if len(joints) > 1 or one is None or other is None:
        return None
    return NounPhrase(first, last, True if words[at] == "and" else one.is_plural)


def _simple_phrase(words: Words, first: int, last: int, *, bare: bool = False) -> NounPhrase | None:
    start = first + (words[first] in DETERMINERS)
    determined = start > first
    if words[first] == "that":
        return None
    while start < last and words[start] in DEGREES:
        start += 1
    if start < last and not determined and words[start].endswith("ing"):
        return None
    if not 1 <= last - start <= 4 or not all(map(is_open, words[start:last])):
        return None
    head = words[last - 1]
    if not is_noun(head) or parts(head) & {"ADJ", "ADV"}:
        return None
    plural = True if words[first] in _PLURAL else False if words[first] in _SINGULAR else is_plural(head)
    return NounPhrase(first, last, plural) if determined or plural or bare else None
