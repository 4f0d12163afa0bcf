"""Matching a model's words to the names and labels they mean: exact, folded, contained, nearest."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from luthier.design.reading import DeviationKind
from luthier.tasks.answer import Field
from luthier.text import is_cjk, normalise

LONGEST_LOOSE = 80
"""Characters up to which words are matched loosely. Longer text is prose, and difflib is quadratic."""

_NEAREST = 0.75
_MARGIN = 0.1
_FEW_CJK = 4  # characters around a label that are still other words for it, as one or two English words are
_DECORATION = " \t\r\n\"'“”‘’「」『』.。,，;；:：!！、()（）[]【】*`"
_NEGATION = re.compile(r"\b(?:not|no|never|neither|nor|without|non|isn't|wasn't)\b|n't|不|没|未|无|非")
_NUMBER = re.compile(r"[+\-−－]?\d{1,9}(?:\.\d{1,9})?(?!\d)")
_PARTS = re.compile(r"[\s,，;；、/|.。]+|\band\b|\bor\b|和|与|或")
UNMENTIONED = frozenset(
    [
        *(
            "not mentioned",
            "unmentioned",
            "not mention",
            "no mention",
            "not discussed",
            "none",
            "null",
            "n/a",
        ),
        *(
            "not applicable",
            "未提及",
            "未提到",
            "没有提及",
            "没有提到",
            "没提到",
            "没提及",
            "没有",
            "不涉及",
            "未涉及",
            "无",
        ),
    ]
)
"""Phrases that say "no value", folded."""


@dataclass(frozen=True, slots=True)
class LabelMatch:
    """What a piece of text says about a closed field.

    Attributes:
        label: The label that is meant; None where no label is, or where `unmentioned`.
        unmentioned: Whether the text says that there is no value.
        kinds: How the text deviates from the bare label.
    """

    label: str | None = None
    unmentioned: bool = False
    kinds: tuple[DeviationKind, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether the text says something about the field at all."""
        return self.label is not None or self.unmentioned


def match_name(text: str, names: Iterable[str]) -> str | None:
    """Returns the name that `text` means in other words, or None where none or several could be meant."""
    folded = normalise(text.strip(_DECORATION))
    by_folded = {normalise(name): name for name in names}
    if folded in by_folded:
        return by_folded[folded]
    if not folded or len(folded) > LONGEST_LOOSE:
        return None
    found = [name for name in by_folded if _contains(folded, name) or _contains(name, folded)]
    if len(found) == 1:
        return by_folded[found[0]]
    near = None if found else _nearest(folded, list(by_folded))
    return by_folded[near] if near is not None else None


def match_label(text: str, field: Field) -> LabelMatch:
    """Reads the value of a closed field, in whatever words, as far as one label is clearly meant."""
    options = [*field.labels, *([] if field.unmentioned is None else [field.unmentioned])]
    if text in options:
        return _matched(text, field)
    bare = text.strip(_DECORATION)
    if bare in options:
        return _matched(bare, field, DeviationKind.PUNCTUATION)
    by_folded = {normalise(option): option for option in options}
    folded = normalise(bare)
    if folded in by_folded:
        return _matched(by_folded[folded], field, DeviationKind.OTHER_WORDS)
    if all(_NUMBER.fullmatch(option) for option in options):
        return _match_number(text, field, options)
    match = _match_prefix(folded, by_folded, field) or _match_within(folded, by_folded, field)
    return match or LabelMatch(kinds=(DeviationKind.UNKNOWN_LABEL,))


def listed_labels(text: str, labels: Iterable[str]) -> tuple[str, ...]:
    """Returns the labels that a text lists (`joy and anger`); () where it says anything else too."""
    by_folded = {normalise(label): label for label in labels}
    parts = [part for part in _PARTS.split(normalise(text).strip(_DECORATION)) if part]
    return tuple(by_folded[part] for part in parts) if by_folded.keys() >= set(parts) else ()


def sounds_unmentioned(text: str, word: str | None) -> bool:
    """Tells whether an open value reads as "no value": the placeholder `word` or a common phrase like it."""
    if word is None:
        return False
    folded = normalise(text.strip(_DECORATION))
    return folded in UNMENTIONED or folded == normalise(word.strip(_DECORATION))


def _matched(option: str, field: Field, *kinds: DeviationKind) -> LabelMatch:
    if option in field.labels:
        return LabelMatch(option, kinds=kinds)
    return LabelMatch(unmentioned=True, kinds=kinds)


def _match_number(text: str, field: Field, options: Sequence[str]) -> LabelMatch:
    match = _NUMBER.search(text[:LONGEST_LOOSE])
    if not match:
        return LabelMatch(kinds=(DeviationKind.UNKNOWN_LABEL,))
    value = float(re.sub("[−－]", "-", match.group()))
    option = next((option for option in options if float(option) == value), None)
    if option is None:
        return LabelMatch(kinds=(DeviationKind.OUT_OF_RANGE,))
    rest = text[match.end() :].strip(_DECORATION)
    kind = _kind_of_rest(option, rest, options) if rest else DeviationKind.EXPLANATION
    if not rest and not text[: match.start()].strip(_DECORATION):
        kind = DeviationKind.OTHER_WORDS
    return _matched(option, field, kind)


def _match_prefix(folded: str, by_folded: dict[str, str], field: Field) -> LabelMatch | None:
    """Reads a label at the beginning of the text, with something behind it."""
    for name in sorted(by_folded, key=len, reverse=True):
        if not name or not folded.startswith(name) or _inside_word(folded, 0, len(name)):
            continue
        rest = folded[len(name) :]
        kind = _kind_of_rest(name, rest, by_folded)
        if is_cjk(name[-1]) and len(rest) <= _FEW_CJK and all(is_cjk(char) for char in rest):
            if any(other != name and other in rest for other in by_folded):
                kind = DeviationKind.SECOND_LABEL
            elif kind is DeviationKind.EXPLANATION:
                kind = DeviationKind.OTHER_WORDS
        return _matched(by_folded[name], field, kind)
    return None


def _kind_of_rest(label: str, rest: str, options: Iterable[str]) -> DeviationKind:
    """Tells what follows a label: the label again, another label, or an explanation."""
    folded, known = normalise(rest).strip(_DECORATION), {normalise(option) for option in options}
    parts = {part for part in _PARTS.split(folded) if part}
    if parts == {label} or not folded.replace(label, ""):
        return DeviationKind.REPETITION
    if folded in known or parts <= known:
        return DeviationKind.SECOND_LABEL
    return DeviationKind.EXPLANATION


def _match_within(folded: str, by_folded: dict[str, str], field: Field) -> LabelMatch | None:
    """Reads a label that stands somewhere in a short text, said otherwise, or misspelt."""
    if not folded or len(folded) > LONGEST_LOOSE:
        return None
    found = [name for name in by_folded if _contains(folded, name)]
    found = [name for name in found if not any(name != other and name in other for other in found)]
    if len(found) == 1:
        before, _, behind = folded.partition(found[0])
        if not _NEGATION.search(before):
            few = len(before.split()) + len(behind.split()) <= 2 and len(before + behind) <= 20
            few = few and sum(map(is_cjk, before + behind)) <= _FEW_CJK
            kind = DeviationKind.OTHER_WORDS if few else DeviationKind.EXPLANATION
            return _matched(by_folded[found[0]], field, kind)
    if field.unmentioned is not None and folded in UNMENTIONED:
        return LabelMatch(unmentioned=True, kinds=(DeviationKind.OTHER_WORDS,))
    near = None if found else _nearest(folded, list(by_folded))
    if near is None or bool(_NEGATION.search(folded)) != bool(_NEGATION.search(near)):
        return None
    return _matched(by_folded[near], field, DeviationKind.OTHER_WORDS)


def _contains(text: str, part: str) -> bool:
    """Tells whether `part` stands in `text` as whole words; one letter or digit alone proves nothing."""
    if len(part) < 2 or (len(part) < 3 and not is_cjk(part[0])):
        return False
    start = text.find(part)
    return start >= 0 and not _inside_word(text, start, start + len(part))


def _inside_word(text: str, start: int, end: int) -> bool:
    """Tells whether a stretch is cut out of a longer word. Chinese has no spaces to tell by."""

    def joined(left: str, right: str) -> bool:
        return left.isalnum() and right.isalnum() and not is_cjk(left) and not is_cjk(right)

    before = start > 0 and joined(text[start - 1], text[start])
    behind = end < len(text) and joined(text[end - 1], text[end])
    return before or behind


def _nearest(folded: str, names: Sequence[str]) -> str | None:
    """Returns the name spelt most alike, where it is alike enough and clearly more so than the second.

    A word that has another at its end is no misspelling of it: `unhelpful` is the opposite of `helpful`.
    """
    scored = sorted(
        ((difflib.SequenceMatcher(None, folded, name).ratio(), name) for name in names if len(name) <= 80),
        reverse=True,
    )
    if not scored or scored[0][0] < _NEAREST:
        return None
    if len(scored) > 1 and scored[0][0] - scored[1][0] < _MARGIN:
        return None
    name = scored[0][1]
    return None if folded.endswith(name) or name.endswith(folded) else name
