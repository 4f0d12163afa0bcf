"""Punctuation of the written formats, and the quoting that keeps any name or value apart from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import NamedTuple

from luthier.text import Language

_DECODER = json.JSONDecoder()
_STRUCTURE = ":：,，;；、\n"
_BULLET = re.compile(r"^[ \t]{0,9}(?:[-*•·]|\d{1,3}[.)、])[ \t]{1,9}", re.MULTILINE)
_LINE_ENDS = re.compile(r"^\|[ \t]{0,9}|[ \t]{0,9}\|$", re.MULTILINE)
_ANY_STRUCTURE = re.compile(f'[{_STRUCTURE}.。!！"]')


class Punctuation(NamedTuple):
    """What stands between the parts of an answer, spaces included."""

    colon: str
    comma: str
    semicolon: str
    enumeration: str
    stop: str


_PUNCTUATION: dict[Language, Punctuation] = {
    "en": Punctuation(": ", ", ", "; ", ", ", "."),
    "zh": Punctuation("：", "，", "；", "、", "。"),
}


def punctuation_of(language: Language) -> Punctuation:
    """Returns the marks that a language writes."""
    return _PUNCTUATION[language]


class Piece(NamedTuple):
    """A part of a text and the delimiter that ended it ("" at the end of the text)."""

    text: str
    delimiter: str


def quote(text: str, specials: str, reserved: Iterable[str] = ()) -> str:
    """Writes `text` bare where that is safe, else as a JSON string.

    Args:
        text: A name or a value.
        specials: Characters, in both widths, that delimit something where the text is to stand.
        reserved: Words that mean something else when they stand bare (the placeholder).
    """
    return json.dumps(text, ensure_ascii=False) if needs_quotes(text, specials, reserved) else text


def needs_quotes(text: str, specials: str, reserved: Iterable[str] = ()) -> bool:
    """Tells whether `quote` would write `text` as a JSON string."""
    return (
        not text
        or text != text.strip()
        or text in reserved
        or any(char in specials or char == '"' or char < " " for char in text)
    )


def take_string(text: str, start: int) -> tuple[str, int] | None:
    """Reads the JSON string that opens at `start`; returns it and the offset behind it, or None."""
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return value, end


def unquote(text: str) -> str | None:
    """Returns what a JSON string that is the whole of `text` says, or None where it is no such string."""
    if not text.startswith('"'):
        return None
    taken = take_string(text, 0)
    return taken[0] if taken and taken[1] == len(text) else None


def list_of_strings(text: str) -> tuple[str, ...]:
    """Returns the strings of a JSON list that is the whole of `text`; () where it is none."""
    taken = take_string(text, 0) if text.startswith("[") else None
    if taken is None or taken[1] != len(text) or not all(isinstance(item, str) for item in taken[0]):
        return ()
    return tuple(taken[0])


def without_list_marks(text: str) -> str:
    """Takes bullets and numbers off the beginnings of lines, and the bars of a table off both ends."""
    return _LINE_ENDS.sub("", _BULLET.sub("", text))


def split_outside_strings(text: str, delimiters: str) -> list[Piece]:
    """Splits at `delimiters`, but not inside a JSON string that begins a name or a value.

    A full stop, where it is a delimiter, counts only before white space or at the end (`3.5` stays whole).
    Linear in the length of the text: after one string that never closes, quotes are ordinary characters.
    """
    pieces: list[Piece] = []
    start = position = seen = 0
    at_start, strings_close = True, True
    while match := _ANY_STRUCTURE.search(text, position):
        at_start = at_start and not text[seen : match.start()].strip()
        char, position = match.group(), match.end()
        seen = position
        if char == '"':
            taken = take_string(text, match.start()) if at_start and strings_close else None
            strings_close = strings_close and not (at_start and taken is None)
            at_start = False
            if taken:
                position = seen = taken[1]
        elif char in delimiters and _ends_something(text, position, char):
            pieces.append(Piece(text[start : match.start()], char))
            start, at_start = position, True
        else:
            at_start = char in _STRUCTURE
    pieces.append(Piece(text[start:], ""))
    return pieces


def _ends_something(text: str, position: int, char: str) -> bool:
    return char != "." or position == len(text) or text[position].isspace()
