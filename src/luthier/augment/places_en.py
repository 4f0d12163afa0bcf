"""Which words of an English text may be replaced, and by which forms of which others."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence

from luthier.augment.base import Source
from luthier.augment.lexicons import Lexicon
from luthier.augment.place import Place
from luthier.augment.tagging_en import Context, is_first_of_compound, is_grammatical, left_standing
from luthier.augment.words_en import (
    BASE_TAG,
    Reading,
    Token,
    inflected,
    readings,
    takes_an,
    tokenise,
    written_like,
)
from luthier.edits import Edit

_LETTERS = re.compile(r"[a-z]+")
_PARTICLES = frozenset(
    (
        "up",
        "out",
        "off",
        "down",
        "away",
        "over",
        "back",
        "around",
        "through",
        "along",
        "across",
        "apart",
        "together",
        "forward",
    )
)
_NEAR = 2
"""Words on either side among which no synonym of a replaced word may stand."""
_SHORTEST_CAPITALS = 4
"""A shorter word in capitals is as likely an abbreviation: AD, LAB."""


def english_places(source: Source, lexicon: Lexicon) -> Iterator[Place]:
    """Yields the replaceable words from first to last, in time proportional to the text's length."""
    tokens = tokenise(source.text)
    fixed = _in_phrases(tokens, lexicon.phrases)
    for at, token in enumerate(tokens):
        passed = not token.whole or at in fixed or is_grammatical(token.word)
        if passed or not source.is_free(token.start, token.end):
            continue
        written = source.text[token.start : token.end]
        listed = _listed(written.lower(), lexicon)
        if token.word.endswith("'s"):
            listed = frozenset(reading for reading in listed if reading.part == "noun")
        if not listed or _may_be_a_name(source.text, tokens, at):
            continue
        forms = _forms(Context.of(tokens, at), listed, lexicon)
        if not {token.word for token in tokens[max(0, at - _NEAR) : at + _NEAR + 1]}.isdisjoint(forms):
            continue  # fair and just would become the same word twice
        article = _article(source.text, tokens, at)
        options = (_edits(source, token, written, form, article) for form in forms)
        if possible := tuple(option for option in options if option):
            yield Place(token.start, possible)


def _listed(form: str, lexicon: Lexicon) -> frozenset[Reading]:
    """All readings of a form where one of them is listed; nothing otherwise."""
    found = readings(form)
    known = {reading.part for reading in found}
    # `scared` is no adjective in the dictionary, but it is in a list; and a list may bring words of its own.
    for part in lexicon.parts(form):
        if part is not None and part not in known:
            found |= {Reading(BASE_TAG[part], form)}
        elif part is None and not known:
            found |= {Reading("RB", form)}  # neither inflected nor struck out, whatever it is
    asked = {reading for reading in found if lexicon.synonyms(reading.lemma, reading.part)}
    if any(reading.tag == "NNS" for reading in asked):
        # The dictionary has `movies` as a word of its own, too.
        found -= {Reading("NN", form), Reading("NNS", form)} - asked
    return found if asked else frozenset()


def _forms(context: Context, listed: frozenset[Reading], lexicon: Lexicon) -> list[str]:
    """The words that may stand for one of these readings, in the form that is asked for."""
    left = sorted(left_standing(context, listed))
    if len({reading.part for reading in left}) != 1:
        return []
    part = left[0].part
    if part == "verb" and context.after in _PARTICLES:
        return []
    plural = any(reading.tag == "NNS" for reading in left)
    if part == "noun" and is_first_of_compound(context, plural):
        return []
    candidates = [lexicon.synonyms(reading.lemma, part) for reading in left]
    return [
        form
        for word in candidates[0]
        if _LETTERS.fullmatch(word) and all(word in others for others in candidates)
        if (form := _one_form(word, left)) is not None
    ]


def _one_form(word: str, left: Sequence[Reading]) -> str | None:
    """The form of a word that fits every reading; None where they ask for different ones."""
    forms = {inflected(word, reading.tag) for reading in left}
    form = forms.pop()
    if forms or form is None:
        return None
    # A plural that looks like the singular would change the verb's agreement: trousers are, clothing is.
    only_plural = {reading.tag for reading in left} == {"NNS"}
    return None if only_plural and form == word else form


def _edits(source: Source, token: Token, written: str, form: str, article: Edit | None) -> tuple[Edit, ...]:
    """What to change for a form to stand there; nothing where an article that has to follow is protected."""
    word = Edit(token.start, token.end, written_like(written, form))
    if article is None or takes_an(form) == takes_an(written):
        return (word,)
    if not source.is_free(article.start, article.end):
        return ()
    return (article, word)


def _article(text: str, tokens: Sequence[Token], at: int) -> Edit | None:
    """The other indefinite article for the one before a word; None where there is none."""
    if at == 0 or tokens[at].opens or tokens[at - 1].word not in {"a", "an"}:
        return None
    start, end = tokens[at - 1].start, tokens[at - 1].end
    written = text[start:end]
    if written.lower() == "an":
        return Edit(start, end, written[0])
    upper = written.isupper() and text[tokens[at].start : tokens[at].end].isupper()
    return Edit(start, end, written + ("N" if upper else "n"))


def _may_be_a_name(text: str, tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at]
    written = text[token.start : token.end]
    if written.islower():
        return False
    if written.isupper():
        return len(written) < _SHORTEST_CAPITALS
    follows = at + 1 < len(tokens) and not tokens[at + 1].opens and text[tokens[at + 1].start].isupper()
    return not (written.istitle() and token.begins) or follows


def _in_phrases(tokens: Sequence[Token], phrases: tuple[str, ...]) -> frozenset[int]:
    """Indices of the tokens that stand in a fixed expression."""
    by_first = _by_first_word(phrases)
    found: set[int] = set()
    for at, token in enumerate(tokens):
        for words in by_first.get(token.word, ()):
            stretch = tokens[at : at + len(words)]
            whole = [part.word for part in stretch] == words
            if whole and not any(part.opens for part in stretch[1:]):
                found.update(range(at, at + len(words)))
    return frozenset(found)


@functools.lru_cache(maxsize=16)
def _by_first_word(phrases: tuple[str, ...]) -> Mapping[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for phrase in phrases:
        words = phrase.split()
        found.setdefault(words[0], []).append(words)
    return found
