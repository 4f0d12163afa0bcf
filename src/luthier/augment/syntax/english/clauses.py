"""A subordinate clause before its main clause, or behind it."""

from __future__ import annotations

from collections.abc import Iterator

from luthier.augment.syntax.change import Pieces
from luthier.augment.syntax.english.grammar import Clause, Words, clause, is_negated, is_tangled
from luthier.augment.syntax.english.lists import FOCUS, LATER, MOMENTS, PREPOSITIONS
from luthier.augment.syntax.english.sentence import Sentence
from luthier.augment.syntax.wording import words

_SUBORDINATORS = words("because although though if when before after until unless once whenever since")
_DOUBLE = frozenset((("even", "though"), ("as", "long")))
_CONCESSIVE = words("although though even")
"""Behind the main clause, these are set off by a comma."""
_NEGATABLE = _CONCESSIVE | {"if", "when", "whenever"}
"""After these, "not" in the main clause does not reach over the other one."""
_TEMPORAL = words("when before after since once until whenever")
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


def _length(words: Words, at: int) -> int:
    """How many words the subordinator at a place has; 0 where there is none."""
    if words[at : at + 2] == ("even", "though"):
        return 2
    if words[at : at + 3] in (("as", "long", "as"), ("as", "soon", "as")):
        return 3
    return int(words[at] in _SUBORDINATORS)


def _may_change(words: Words, subordinator: str, main: Clause | None, sub: Clause | None) -> bool:
    if main is None or sub is None or is_tangled(main.content(words), sub.content(words)):
        return False
    return subordinator in _NEGATABLE or not is_negated(words[main.first : main.last])


def _to_the_end(sentence: Sentence, words: Words) -> Iterator[Pieces]:
    length = _length(words, 0)
    if "," not in words or not length:
        return
    at = words.index(",")
    if words[at + 1] in _INVERTING:
        return
    moved = sentence.inner(0, at)
    main, sub = clause(words, at + 1, len(words)), clause(words, length, at)
    if moved is not None and _may_change(words, words[0], main, sub):
        comma = (sentence.comma,) if words[0] in _CONCESSIVE else ()
        yield (*sentence.opening(at + 1, len(words)), *comma, " ", *moved, sentence.closing)


def _to_the_front(sentence: Sentence, words: Words) -> Iterator[Pieces]:
    places = [at for at in range(2, len(words) - 2) if _length(words, at)]
    if not places or any(at > places[0] + 1 for at in places):
        return
    at = places[0]
    end = at - 1 if words[at - 1] == "," else at
    if ("," in words) != (end < at) or words[end - 1] in FOCUS | PREPOSITIONS | LATER:
        return
    dated = words[end - 1] in MOMENTS or words[end - 1][0].isdigit()
    if words[at] in _TEMPORAL and (dated or (end < at and words[at] == "when")):
        return
    if not LATER.isdisjoint(words[at:]):
        return
    moved = sentence.inner(0, end)
    main, sub = clause(words, 0, end), clause(words, at + _length(words, at), len(words))
    if moved is not None and _may_change(words, words[at], main, sub):
        yield (*sentence.opening(at, len(words)), sentence.comma, " ", *moved, sentence.closing)
