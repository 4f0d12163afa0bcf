"""`pairs`: lines of `["name", "value"]`, the heuristic design of the published comparison."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from luthier.design.formats.base import Format, Style, Written
from luthier.design.formats.describing import describe_json
from luthier.design.formats.entries import Entry, Notes, assemble, nothing_word, says_nothing
from luthier.design.formats.json_lines import read_without_json
from luthier.design.formats.json_values import decode_values, json_entries, json_entry
from luthier.design.formats.matching import sounds_unmentioned
from luthier.design.reading import DeviationKind, Reading
from luthier.tasks.answer import Answer, AnswerSchema, Field


class Pairs(Format):
    """One `["name", "value"]` a line; a field with several values has a line for each."""

    type: Literal["pairs"] = "pairs"

    def write(
        self, answer: Answer, schema: AnswerSchema, style: Style, reasons: Mapping[str, str] | None = None
    ) -> Written:
        """Writes one pair a value. A value that reads as the placeholder stands in a list of its own."""
        del reasons  # only JSON has a place for them, and `check` refuses other formats
        single = schema.single is not None
        text = ""
        spans: dict[str, tuple[int, int]] = {}
        for item in schema.fields:
            values: tuple[str | None, ...] = answer.get(item.name, ())
            if not values and not single and (style.unmentioned == "omit" or item.unmentioned is None):
                continue
            key = schema.value_key if single else item.name
            for value in values or (None,):
                line, span = _write_pair(key, value, item, schema, style)
                text += "\n" if text else ""
                start, _ = spans.get(item.name, (len(text) + span[0], 0))
                spans[item.name] = (start, len(text) + span[1])
                text += line
        return Written(text or json.dumps(nothing_word(schema, style.language), ensure_ascii=False), spans)

    def read(self, text: str, schema: AnswerSchema, style: Style) -> Reading:
        """Reads any text; never raises."""
        nothing = says_nothing(text, schema, style)
        if nothing is not None:
            return nothing
        notes = Notes()
        entries: list[Entry] = []
        for value in decode_values(text, schema, notes):
            entries.extend(_entries_of(value, schema, notes))
        if not entries and "{" in text:
            notes = Notes()
            entries = json_entries(text, schema, style, notes)
            notes.add(DeviationKind.PUNCTUATION, text)
        if not entries:
            return read_without_json(text, schema, style, notes)
        return assemble(entries, schema, style, notes, text, merge=True)

    def describe(self, schema: AnswerSchema, style: Style) -> str:
        """Tells the model to write one pair a line."""
        return describe_json(self, schema, style)


def _write_pair(
    key: str, value: str | None, item: Field, schema: AnswerSchema, style: Style
) -> tuple[str, tuple[int, int]]:
    head = f"[{json.dumps(key, ensure_ascii=False)}, "
    if value is None:
        value = item.unmentioned if item.unmentioned is not None else nothing_word(schema, style.language)
    elif item.kind == "strings" and sounds_unmentioned(value, item.unmentioned):
        listed = json.dumps([value], ensure_ascii=False)
        return f"{head}{listed}]", (len(head), len(head) + len(listed))
    written = json.dumps(value, ensure_ascii=False)
    return f"{head}{written}]", (len(head) + 1, len(head) + len(written) - 1)


def _entries_of(value: Any, schema: AnswerSchema, notes: Notes) -> list[Entry]:
    """Reads one JSON value: a pair, or an array of pairs."""
    if not isinstance(value, list) or not value:
        return []
    if isinstance(value[0], list):
        notes.add(DeviationKind.PUNCTUATION, "[[")
        return [entry for part in value for entry in _entries_of(part, schema, notes)[:1]]
    if not isinstance(value[0], str) or len(value) < 2:
        return []
    name = value[0]
    if schema.single is not None:
        if name != schema.value_key:
            notes.add(DeviationKind.OTHER_WORDS, name)
        name = ""
    entry = json_entry(name, value[1], schema)
    entry.loose = not isinstance(value[1], str | list) or len(value) > 2
    if isinstance(value[1], list):
        entry.loose = len(value) > 2 or not value[1]
    return [entry]
