"""Reading `name: value` clauses, which `natural` and `lines` share, and every text that resembles them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from luthier.design.formats.base import Style, Written
from luthier.design.formats.entries import (
    VALUE_SPECIALS,
    Entry,
    Notes,
    is_degenerate,
    is_short_name,
    nothing_word,
    read_values,
)
from luthier.design.formats.matching import match_label, sounds_unmentioned
from luthier.design.formats.punctuation import (
    list_of_strings,
    punctuation_of,
    quote,
    split_outside_strings,
    take_string,
    without_list_marks,
)
from luthier.design.reading import DeviationKind, Reading
from luthier.tasks.answer import Answer, AnswerSchema, Field
from luthier.text import normalise

_LINK = re.compile(r"\s*(?:[-=–—>~|,，]+|\bis\b|\bwas\b|\bare\b|是|为)?\s*")
_LOOSE = ",，;；、.。!！\n"
_LEADS = ("answer", "label", "output", "result", "答案", "标签", "回答", "输出", "结果")
_LONGEST_NAME = 60
_MOST_PIECES = 300  # pieces that are read loosely; only degenerate texts have more


def write_values(values: tuple[str, ...], item: Field, style: Style, specials: str) -> str:
    """Writes the values of one field as `natural` and `lines` do; () as the placeholder."""
    marks = punctuation_of(style.language)
    word = item.unmentioned
    if not values:
        return quote(word, specials) if word is not None else ""
    reserved = [value for value in values if item.kind == "strings" and sounds_unmentioned(value, word)]
    joint = marks.semicolon if item.name or item.kind == "strings" else marks.enumeration
    return joint.join(quote(value, specials, reserved) for value in values)


def write_clauses(
    answer: Answer, schema: AnswerSchema, style: Style, between: str, name_specials: str, value_specials: str
) -> Written:
    """Writes a clause for each field as `natural` and `lines` do; an empty text where no field is written.

    Args:
        answer: Values by field name.
        schema: The fields, with names.
        style: Whether fields without a value are written.
        between: What parts two clauses.
        name_specials: Characters for which a name is quoted.
        value_specials: Characters for which a value is quoted.
    """
    colon = punctuation_of(style.language).colon
    text, spans = "", {}
    for item in schema.fields:
        values = answer.get(item.name, ())
        if not values and (style.unmentioned == "omit" or item.unmentioned is None):
            continue
        text += (between if text else "") + quote(item.name, name_specials) + colon
        value = write_values(values, item, style, value_specials)
        spans[item.name] = (len(text), len(text) + len(value))
        text += value
    return Written(text, spans)


def write_single(values: tuple[str, ...], schema: AnswerSchema, style: Style) -> Written:
    """Writes the answer of a task with one unnamed field: its value alone."""
    item = schema.fields[0]
    if item.kind == "text":
        text = "".join(values[:1])
    elif values:
        text = write_values(values, item, style, VALUE_SPECIALS)
    else:
        text = quote(nothing_word(schema, style.language), VALUE_SPECIALS)
    return Written(text, {item.name: (0, len(text))})


def read_single(text: str, schema: AnswerSchema, style: Style) -> Reading:
    """Reads the answer of a task with one unnamed field; `text` is not empty."""
    item, notes = schema.fields[0], Notes()
    if item.kind == "text":
        if is_degenerate(text):
            notes.add(DeviationKind.REPETITION, text[-60:])
        return notes.reading({item.name: (text,)}, {}, text)
    raw = text.strip()
    entry = Entry(item.name, raw=raw)
    values = read_values(entry, item, style, notes)
    if not values and (lead := _split_name(raw)) and _is_lead(lead[0], schema):
        behind, entry.raw = Notes(), lead[2]
        values = read_values(entry, item, style, behind)
        if values or len(behind) == 0:
            notes = behind
            notes.add(DeviationKind.PUNCTUATION, lead[0])
    if not values and len(notes) and _is_prose(raw):
        notes = Notes()
        notes.add(DeviationKind.PROSE, raw)
    return notes.reading({item.name: values} if values else {}, {}, text)


def _is_lead(name: str, schema: AnswerSchema) -> bool:
    return normalise(name) in (*_LEADS, normalise(schema.value_key))


def _is_prose(raw: str) -> bool:
    return len(raw.split()) > 6 or len(raw) > 60 or "\n" in raw


def entries_of(
    pieces: Iterable[str], schema: AnswerSchema, style: Style, notes: Notes, *, one_colon: bool = False
) -> list[Entry]:
    """Reads the clauses of a text that a format has split where it parts them.

    Args:
        pieces: The parts, without white space around them.
        schema: The fields.
        style: The options around the format.
        notes: Takes the deviations found.
        one_colon: Whether a second colon outside strings begins another clause.
    """
    entries: list[Entry] = []
    seen: set[str] = set()
    loose = 0
    for piece in pieces:
        if not piece:
            continue
        if piece in seen:
            notes.add(DeviationKind.REPETITION, piece)
            continue
        seen.add(piece)
        whole = not one_colon or len(split_outside_strings(piece, ":：\n")) == 2
        entry = strict_entry(piece, schema, style) if whole else None
        if entry:
            entries.append(entry)
            continue
        loose += 1
        if loose > _MOST_PIECES:
            notes.add(DeviationKind.REPETITION, piece)
            break
        entries.extend(loose_entries(piece, schema, entries[-1] if entries else None))
    return entries


def strict_entry(piece: str, schema: AnswerSchema, style: Style) -> Entry | None:
    """Reads one clause that stands exactly as it is written; None for any other text."""
    named = _split_name(piece)
    if named is None:
        return None
    name, colon, raw = named
    if colon != punctuation_of(style.language).colon.strip() or "\n" in raw or not raw:
        return None
    item = next((item for item in schema.fields if item.name == name), None)
    if item is None:
        return None
    if item.kind == "strings" and (listed := list_of_strings(raw)):
        return Entry(name, values=listed, listed=True, loose=True)
    entry, notes = Entry(name, raw=raw), Notes()
    read_values(entry, item, style, notes)
    return entry if len(notes) == 0 else None


def loose_entries(text: str, schema: AnswerSchema, last: Entry | None = None) -> list[Entry]:
    """Reads clauses out of any text. Pieces without a name belong to the entry before, `last` at first.

    Words before the first name become an entry without a field, so that they are noted.
    """
    entries: list[Entry] = []
    names = {normalise(item.name): item for item in schema.fields}
    for part in split_outside_strings(without_list_marks(text), _LOOSE)[:_MOST_PIECES]:
        piece = part.text.strip()
        if not piece:
            continue
        entry = _named(piece) or _guessed(piece, names)
        current = entries[-1] if entries else last
        if entry is not None:
            entries.append(entry)
        elif current is not None and _is_bare_name(current):
            current.raw = piece
        elif current is not None:
            current.more.append(piece)
        else:
            entries.append(Entry(piece, raw="", loose=True, guess=True))
    return entries


def _is_bare_name(entry: Entry) -> bool:
    """Tells whether an entry may be a name whose value stands in the next line."""
    return entry.guess and not entry.raw and not entry.more and is_short_name(entry.name)


def _named(piece: str) -> Entry | None:
    named = _split_name(piece)
    if named is None or not 0 < len(named[0]) <= _LONGEST_NAME:
        return None
    return Entry(named[0], raw=named[2], loose=True)


def _guessed(piece: str, names: dict[str, Field]) -> Entry | None:
    """Finds a known name at the beginning of a piece that has no colon (`food negative`, `food`)."""
    head = normalise(piece[: 2 * _LONGEST_NAME])
    for name in sorted(names, key=len, reverse=True):
        # Folding may change lengths; the value is then cut from the folded text, which reads the same.
        if name and head.startswith(name):
            source = piece if len(head) == len(piece[: 2 * _LONGEST_NAME]) else head
            rest = source[len(name) :]
            if rest and rest[0].isalnum() and rest[0].isascii() and name[-1].isascii():
                continue
            value = _LINK.sub("", rest, count=1).strip()
            item = names[name]
            if value and item.labels and not match_label(value, item).readable:
                return None
            return Entry(item.name, raw=value, loose=True, guess=True)
    return None


def _split_name(piece: str) -> tuple[str, str, str] | None:
    """Splits a clause at its first colon outside a string: name, colon, value."""
    text = piece.strip()
    start = 0
    if text.startswith('"') and (taken := take_string(text, 0)):
        start = taken[1]
        match = re.compile(r"\s*([:：])").match(text, start)
        return (taken[0], match[1], text[match.end() :].strip()) if match else None
    match = re.search("[:：]", text)
    return (text[: match.start()].strip(), match[0], text[match.end() :].strip()) if match else None
