"""What a rule changed in a text, and where a place of the one text lies in the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_WINDOW = 2000
"""Longest stretch that is compared character by character; a longer one that differs counts as one change."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: `before[start:end]` becomes `text`.

    Attributes:
        start: Offset in characters in the text before.
        end: Offset in characters, exclusive; equal to `start` where something is put in.
        text: What stands there afterwards; empty where something is taken out.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A text before and after, and what was changed.

    Attributes:
        before: The text that a rule was given.
        after: The text that it made of it.
        edits: Non-overlapping, by offset.
    """

    before: str
    after: str
    edits: tuple[Edit, ...]

    def forward(self, start: int, end: int) -> tuple[int, int]:
        """Returns where a span of `before` lies in `after`.

        A span that begins or ends inside of a change takes in all that the change put there. What is put in
        at the very edge of a span stays outside. A span of which nothing is left is empty.
        """
        return _moved(start, end, self.edits)

    def backward(self, start: int, end: int) -> tuple[int, int]:
        """Returns where a span of `after` lies in `before`, by the same rules."""
        shift, undone = 0, []
        for edit in self.edits:
            begin = edit.start + shift
            undone.append(Edit(begin, begin + len(edit.text), self.before[edit.start : edit.end]))
            shift += len(edit.text) - (edit.end - edit.start)
        return _moved(start, end, undone)


def _moved(start: int, end: int, edits: Sequence[Edit]) -> tuple[int, int]:
    first, last = start, end
    for edit in edits:
        grown = len(edit.text) - (edit.end - edit.start)
        if edit.end <= start:
            first += grown
        elif edit.start < start:
            first += edit.start - start
        if edit.start >= end:
            break
        last += grown if edit.end <= end else edit.start + len(edit.text) - end
    return first, max(first, last)


def apply(text: str, edits: Sequence[Edit]) -> Rewritten:
    """Makes changes; those that change nothing are left out."""
    kept = tuple(edit for edit in edits if text[edit.start : edit.end] != edit.text)
    pieces, at = [], 0
    for edit in kept:
        pieces += [text[at : edit.start], edit.text]
        at = edit.end
    return Rewritten(text, "".join([*pieces, text[at:]]) if kept else text, kept)


def substitute(pattern: re.Pattern[str], by: str | Callable[[re.Match[str]], str], text: str) -> Rewritten:
    """Does what `pattern.sub(by, text)` does; a `by` that is a text stands for itself."""
    make = by if callable(by) else lambda _: by
    return apply(text, [Edit(found.start(), found.end(), make(found)) for found in pattern.finditer(text)])


def compared(before: str, after: str) -> Rewritten:
    """Finds out what another library changed: line by line where it kept the lines, else as a whole."""
    if before == after:
        return Rewritten(before, after, ())
    lines, others = before.split("\n"), after.split("\n")
    if len(lines) != len(others):
        return Rewritten(before, after, tuple(_differences(before, after, 0)))
    edits: list[Edit] = []
    at = 0
    for line, other in zip(lines, others, strict=True):
        edits += _differences(line, other, at)
        at += len(line) + 1
    return Rewritten(before, after, tuple(edits))


def _differences(before: str, after: str, at: int) -> list[Edit]:
    """The changes between two stretches, of which the first begins at offset `at`."""
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    before, after, at = before[head : len(before) - tail], after[head : len(after) - tail], at + head
    if not before and not after:
        return []
    if not before or not after or max(len(before), len(after)) > _WINDOW:
        return [Edit(at, at + len(before), after)]
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [Edit(at + a, at + b, after[c:d]) for kind, a, b, c, d in blocks if kind != "equal"]


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    shorter = min(len(one), len(other))
    if one[:shorter] == other[:shorter]:
        return shorter
    low, high = 0, shorter
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle)
    return low
