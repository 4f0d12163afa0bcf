"""Parts of speech and inflected forms of English words, from lemminflect's lexicon.

A part of speech here is one that a word can have, not the one it has: there is no tagger. Rules ask for words
that can be one thing alone, or look where they stand.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from luthier.augment.syntax.english.lists import AUXILIARIES, CLOSED, CONTRACTED
from luthier.augment.syntax.wording import words

Tag = Literal["VB", "VBD", "VBG", "VBN", "VBZ"]

_FINITE_TOO = words("tastes looks seems feels comes serves makes gets goes knows gives takes keeps")
"""Forms that the lexicon has as nouns too, but that behind a noun phrase are verbs."""
_EITHER_NUMBER = words("staff fish sheep series species means shrimp data cast crew")


@lru_cache(maxsize=20_000)
def parts(word: str) -> frozenset[str]:
    """Returns the parts of speech that a word in lower case can have; none where the lexicon lacks it."""
    from lemminflect import getAllLemmas

    return frozenset(getAllLemmas(word))


@lru_cache(maxsize=20_000)
def verb_lemma(word: str) -> str | None:
    """Returns what a verb form is a form of; None where no form of a verb is spelt so, or of two."""
    from lemminflect import getAllLemmas

    lemmas = getAllLemmas(word, upos="VERB").get("VERB", ())
    return lemmas[0] if len(lemmas) == 1 else None


@lru_cache(maxsize=5_000)
def inflected(lemma: str, tag: Tag) -> str:
    """Returns the usual form of a verb, the lemma itself where the lexicon has none."""
    from lemminflect import getInflection

    found = getInflection(lemma, tag=tag, inflect_oov=False)
    return str(found[0]) if found else lemma


@lru_cache(maxsize=20_000)
def is_plural(noun: str) -> bool | None:
    """Tells a noun's number by its form; None where both are spelt alike or the word is unknown."""
    from lemminflect import getAllLemmas

    if noun in ("people", "children", "men", "women"):
        return True
    lemmas = getAllLemmas(noun, upos="NOUN").get("NOUN", ())
    if not lemmas or noun in _EITHER_NUMBER:
        return None
    if noun in lemmas:
        return None if noun.endswith("s") and not noun.endswith(("ss", "us", "is")) else False
    return True


@lru_cache(maxsize=20_000)
def is_finite(word: str) -> bool:
    """Tells whether a word is an auxiliary, or a verb in the past or the third person and nothing else."""
    if word in AUXILIARIES or word in CONTRACTED or word in _FINITE_TOO:
        return True
    if word in CLOSED or word.endswith("ing") or parts(word) != {"VERB"}:
        return False
    return verb_lemma(word) != word


def is_noun(word: str) -> bool:
    """Tells whether a word can be a noun, as unknown words can."""
    return word not in CLOSED and word[0].isalpha() and (not parts(word) or "NOUN" in parts(word))


def is_open(word: str) -> bool:
    """Tells whether a word can stand inside of a noun phrase: noun, adjective, participle, number."""
    return word not in CLOSED and word[0].isalnum() and not word.endswith("ly")
