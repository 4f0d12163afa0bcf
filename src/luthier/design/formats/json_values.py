"""JSON values out of any text: whole where they are valid, salvaged key by key where they are not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from luthier.design.formats.base import Style
from luthier.design.formats.entries import Entry, Notes
from luthier.design.formats.matching import match_name
from luthier.design.reading import DeviationKind
from luthier.tasks.answer import AnswerSchema

_MOST_FAILURES = 20  # an attempt may read to the end of the text, so that their number must be bounded
_MOST_VALUES = 2000
_OPENING = re.compile(r"[{\[]")
_KEY = re.compile(r"[\"'“”‘’]?([^\W\d][^\"'“”‘’:：{}\[\],，\n]{0,60})[\"'“”‘’]?[ \t]{0,9}[:：][ \t]{0,9}")
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_PAIR = re.compile(r'\[\s{0,9}"([^"\\\n]{1,80})"\s{0,9}[,，:：]\s{0,9}"([^"\\\n]+)')
_CLOSING = {'"': '"', "'": "'", "“": "”", "‘": "’"}


class _Object(dict[str, Any]):
    """A JSON object that keeps the first of two equal keys, as a label said twice is read."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__()
        for key, value in pairs:
            self.setdefault(key, value)
        self.doubled = len(pairs) > len(self)


_DECODER = json.JSONDecoder(object_pairs_hook=_Object)


def decode_values(text: str, schema: AnswerSchema, notes: Notes) -> list[Any]:
    """Returns the JSON objects and arrays in a text, in order; notes what stands between them or is broken.

    As written there is one value a line. Work is linear in the length of the text.
    """
    values: list[Any] = []
    position = failures = 0
    while (match := _OPENING.search(text, position)) and len(values) < _MOST_VALUES:
        _note_between(text[position : match.start()], notes, first=not values)
        try:
            value, position = _DECODER.raw_decode(text, match.start())
            values.append(value)
        except (ValueError, RecursionError):
            failures += 1
            notes.add(DeviationKind.BROKEN_JSON, text[match.start() : match.start() + 80])
            stop = text.find("\n{", match.end()) if failures < _MOST_FAILURES else -1
            position = len(text) if stop < 0 else stop
            values.extend(_salvage(text[match.start() : position], schema))
    if match:
        notes.add(DeviationKind.REPETITION, text[position : position + 80])
    elif values or position:
        _note_between(text[position:], notes, first=True)
    return values


def _note_between(gap: str, notes: Notes, *, first: bool) -> None:
    words = gap.strip().strip(",;`")
    if words and words != "json":
        notes.add(DeviationKind.EXPLANATION, words)
    elif gap.strip() or (not first and "\n" not in gap):
        notes.add(DeviationKind.PUNCTUATION, gap)


def _salvage(text: str, schema: AnswerSchema) -> list[Any]:
    """Returns the objects that broken JSON still shows: a new one at each repeated key; or a pair."""
    single = schema.single
    keys = [schema.value_key, schema.reason_key, *([] if single else [schema.name_key])]
    found: list[_Object] = []
    position = 0
    while match := _KEY.search(text, position):
        value, position = _salvage_value(text, match.end())
        key = match[1].strip()
        if key not in keys and key not in (item.name for item in schema.fields):
            continue
        if not found or key in found[-1] or key == schema.name_key:
            found.append(_Object([]))
        found[-1][key] = value
    pair = None if found else _PAIR.match(text)
    if pair:
        return [list(pair.groups())]
    return [item for item in found if single or set(item) != {schema.name_key}]


def _salvage_value(text: str, start: int) -> tuple[Any, int]:
    char = text[start : start + 1]
    if char == "[":
        stop = text.find("]", start)
        stop = len(text) if stop < 0 else stop
        return _STRING.findall(text[start:stop][:20000]), stop
    if char == '"':
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            return text[start + 1 :].rstrip('}"'), len(text)
        return value, end
    close = _CLOSING.get(char)
    if close:
        stop = text.find(close, start + 1)
        stop = len(text) if stop < 0 else stop
        return text[start + 1 : stop], stop + 1
    stop = next((index for index in range(start, len(text)) if text[index] in ",，}\n"), len(text))
    return text[start:stop].strip(), stop


def json_entries(text: str, schema: AnswerSchema, style: Style, notes: Notes) -> list[Entry]:
    """Reads entries from JSON objects in any arrangement: lines, an array, one object with a key a field."""
    entries: list[Entry] = []
    for value in decode_values(text, schema, notes):
        objects = list(_objects(value, schema))
        if objects != [value]:
            notes.add(DeviationKind.PUNCTUATION, "[")
        for item in objects:
            entries.extend(_entries_of(item, schema, style, notes))
    return entries


def _objects(value: Any, schema: AnswerSchema) -> Iterator[Mapping[str, Any]]:
    """Yields an object, those of a list, or those of the lists in an object that itself names no field."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))
    elif isinstance(value, Mapping):
        lists = [item for item in value.values() if isinstance(item, list)]
        inner = [part for item in lists for part in item if isinstance(part, Mapping)]
        wraps = schema.name_key not in value and not any(_is_field(key, schema) for key in value)
        yield from inner if inner and wraps else [value]


def _entries_of(
    found: Mapping[str, Any], schema: AnswerSchema, style: Style, notes: Notes
) -> Iterator[Entry]:
    """Reads one object: `{"aspect": "food", "sentiment": "negative"}`, or a mapping of names to values."""
    if getattr(found, "doubled", False):
        notes.add(DeviationKind.SECOND_LABEL, str(dict(found)))
    known = [schema.value_key, schema.reason_key, *([] if schema.single else [schema.name_key])]
    by_key: dict[str, Any] = {key: found[key] for key in known if key in found}
    left = [key for key in known if key not in by_key]
    unknown: list[str] = []
    for key in found:
        if key in known:
            continue
        meant = match_name(key, left)
        if meant is not None and meant not in by_key and not _is_field(key, schema):
            by_key[meant] = found[key]
            notes.add(DeviationKind.OTHER_WORDS, key)
        else:
            unknown.append(key)
    named = schema.single is not None or schema.name_key in by_key
    if named and schema.value_key not in by_key and len(unknown) == 1:
        notes.add(DeviationKind.BROKEN_JSON, unknown[0])
        by_key[schema.value_key] = found[unknown.pop()]
    if schema.value_key in by_key:
        for key in unknown:
            notes.add(DeviationKind.EXPLANATION, key)
    reason = by_key.get(schema.reason_key, "")
    if reason and style.reasoning == "none":
        notes.add(DeviationKind.EXPLANATION, str(reason))
    if schema.value_key in by_key and named:
        name = "" if schema.single else _text_of(by_key[schema.name_key])
        if schema.single is None and not isinstance(by_key[schema.name_key], str):
            notes.add(DeviationKind.PUNCTUATION, name)
        yield json_entry(name, by_key[schema.value_key], schema, reason=_text_of(reason) if reason else "")
    elif schema.value_key in by_key and not any(_is_field(key, schema) for key in found):
        notes.add(DeviationKind.BROKEN_JSON, str(dict(found)))  # a value without a name
    elif not named:
        for key, value in found.items():
            entry = json_entry(key, value, schema)
            entry.loose = True
            yield entry


def _is_field(key: str, schema: AnswerSchema) -> bool:
    return any(item.name == key for item in schema.fields)


def json_entry(name: str, value: Any, schema: AnswerSchema, reason: str = "") -> Entry:
    """Makes an entry of a name and a JSON value. Several values are a list; null says nothing."""
    item = next((item for item in schema.fields if item.name == name), schema.fields[0])
    several = item.kind in ("strings", "labels")
    if isinstance(value, list):
        values = tuple(_text_of(part) for part in value)
        loose = not several or any(not isinstance(part, str) for part in value) or not values
        return Entry(name, values=values, listed=True, reason=reason, loose=loose)
    unlisted = several and item.unmentioned is not None and value != item.unmentioned
    loose = not isinstance(value, str) or unlisted
    text = _text_of(value)
    if value is None and item.unmentioned is not None:
        text = item.unmentioned
    return Entry(name, values=(text,), reason=reason, loose=loose)


def _text_of(value: Any) -> str:
    if isinstance(value, str):
        return value
    inner = next(iter(value.values())) if isinstance(value, Mapping) and len(value) == 1 else None
    if isinstance(inner, str):
        return inner
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""
