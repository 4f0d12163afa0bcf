"""A subordinate clause before its main clause, or behind it."""

from __future__ import annotations

from collections.abc import Iterator

from luthier.augment.syntax.change import Pieces
from luthier.augment.syntax.english.grammar import clause, is_negated, is_tangled
from luthier.augment.syntax.english.lists import FOCUS, PREPOSITIONS
from luthier.augment.syntax.english.sentence import Sentence
from luthier.augment.syntax.wording import words

_SUBORDINATORS = words("because although though if when before after until unless once whenever since")
_DOUBLE = frozenset((("even", "though"), ("as", "long")))
_CONCESSIVE = words("although though even")
"""Behind the main clause, these are set off by a comma; "not" in the main clause does not reach over it."""
_NEGATABLE = _CONCESSIVE | {"if", "when", "whenever"}
_INVERTING = words("then so but and or yet still nor")


def changes(sentence: Sentence) -> Iterator[Pieces]:
    """Yields the sentence with its one subordinate clause on the other side of its main clause."""
    words = sentence.lower
    if sentence.is_question or words.count(",") > 1:
        return
    if words[0] in _SUBORDINATORS or words[:2] in _DOUBLE:
        yield from _to_the_end(sentence, words)
    else:
        yield from _to_the_front(sentence, words)


def _length(words: tuple[str, ...], at: int) -> int:
    """How many words the subordinator at a place has; 0 where there is none."""
    if words[at : at + 2] == ("even", "though"):
        return 2
    if words[at : at + 3] in (("as", "long", "as"), ("as", "soon", "as")):
        return 3
    return int(words[at] in _SUBORDINATORS)


def _may_change(words: tuple[str, ...], subordinator: str, main: slice, sub: slice) -> bool:
    if is_tangled(words[main], words[sub]):
        return False
    return subordinator in _NEGATABLE or not is_negated(words[main])


def _to_the_end(sentence: Sentence, words: tuple[str, ...]) -> Iterator[Pieces]:
    length = _length(words, 0)
    if "," not in words or not length:
        return
    at = words.index(",")
    main, sub = slice(at + 1, len(words)), slice(length, at)
    if at + 1 == len(words) or words[at + 1] in _INVERTING or not _may_change(words, words[0], main, sub):
        return
    if not clause(words, length, at) or not clause(words, at + 1, len(words)):
        return
    moved = sentence.inner(0, at)
    if moved is None:
        return
    comma = (sentence.comma,) if words[0] in _CONCESSIVE else ()
    yield (*sentence.opening(at + 1, len(words)), *comma, " ", *moved, sentence.closing)


def _to_the_front(sentence: Sentence, words: tuple[str, ...]) -> Iterator[Pieces]:
    places = [at for at in range(2, len(words) - 2) if _length(words, at)]
    if not places or any(at > places[0] + 1 for at in places):
        return
    at = places[0]
    end = at - 1 if words[at - 1] == "," else at
    if ("," in words) != (end < at) or words[end - 1] in FOCUS | PREPOSITIONS:
        return
    main, sub = slice(0, end), slice(at + _length(words, at), len(words))
    if not clause(words, main.start, main.stop) or not clause(words, sub.start, sub.stop):
        return
    moved = sentence.inner(0, end)
    if moved is None or not _may_change(words, words[at], main, sub):
        return
    yield (*sentence.opening(at, len(words)), sentence.comma, " ", *moved, sentence.closing)
