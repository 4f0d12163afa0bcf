"""`json`: one object a line, `{"aspect": "food", "sentiment": "negative"}`; it alone carries reasons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from luthier.design.formats.base import Format, Style, Written
from luthier.design.formats.clauses import loose_entries
from luthier.design.formats.describing import describe_json
from luthier.design.formats.entries import Entry, Notes, assemble, is_degenerate, nothing_word, says_nothing
from luthier.design.formats.json_values import json_entries
from luthier.design.reading import DeviationKind, Reading
from luthier.tasks.answer import Answer, AnswerSchema, Field


class Json(Format):
    """One JSON object a line, one line a field; with reasoning, a description before or after the value."""

    type: Literal["json"] = "json"

    def write(
        self, answer: Answer, schema: AnswerSchema, style: Style, reasons: Mapping[str, str] | None = None
    ) -> Written:
        """Writes one object a field; several values as a list, so that none can pass for the placeholder."""
        text, spans = "", {}
        for item in schema.fields:
            values = answer.get(item.name, ())
            left_out = style.unmentioned == "omit" or item.unmentioned is None
            if not values and schema.single is None and left_out:
                continue
            reason = (reasons or {}).get(item.name, "") if style.reasoning != "none" else ""
            line, span = _write_object(item, values, schema, style, reason)
            text += "\n" if text else ""
            spans[item.name] = (len(text) + span[0], len(text) + span[1])
            text += line
        return Written(text or _dump(nothing_word(schema, style.language)), spans)

    def read(self, text: str, schema: AnswerSchema, style: Style) -> Reading:
        """Reads any text; never raises."""
        nothing = says_nothing(text, schema, style)
        if nothing is not None:
            return nothing
        notes = Notes()
        entries = json_entries(text, schema, style, notes)
        if not entries:
            return read_without_json(text, schema, style, notes)
        return assemble(entries, schema, style, notes, text)

    def describe(self, schema: AnswerSchema, style: Style) -> str:
        """Tells the model to write one JSON object a field."""
        return describe_json(self, schema, style)


def read_without_json(text: str, schema: AnswerSchema, style: Style, notes: Notes) -> Reading:
    """Reads a text in which no JSON value stands, where it says something all the same."""
    single = schema.single
    if single is not None and single.kind == "text":
        notes.add(DeviationKind.BROKEN_JSON, text)
        if is_degenerate(text):
            notes.add(DeviationKind.REPETITION, text[-60:])
        return notes.reading({single.name: (text.strip(),)}, {}, text)
    if single is not None:
        entries = [Entry(single.name, raw=text.strip(), loose=True, guess=True)]
    else:
        entries = []
        for line in dict.fromkeys(text.split("\n")):
            entries.extend(loose_entries(line, schema, entries[-1] if entries else None))
    notes.add(DeviationKind.BROKEN_JSON, text)
    return assemble(entries, schema, style, notes, text)


def _write_object(
    item: Field, values: tuple[str, ...], schema: AnswerSchema, style: Style, reason: str
) -> tuple[str, tuple[int, int]]:
    """Returns the object and the span of its value, inside the quotes where it is a string."""
    described = f"{_dump(schema.reason_key)}: {_dump(reason)}" if reason else ""
    text = "{"
    if schema.single is None:
        text += f"{_dump(schema.name_key)}: {_dump(item.name)}, "
    if described and style.reasoning == "before":
        text += described + ", "
    text += _dump(schema.value_key) + ": "
    if values and item.kind in ("strings", "labels"):
        value = json.dumps(list(values), ensure_ascii=False)
        span = (len(text), len(text) + len(value))
    else:
        value = _dump(values[0] if values else _placeholder(item, schema, style))
        span = (len(text) + 1, len(text) + len(value) - 1)
    text += value
    if described and style.reasoning == "after":
        text += ", " + described
    return text + "}", span


def _placeholder(item: Field, schema: AnswerSchema, style: Style) -> str:
    return item.unmentioned if item.unmentioned is not None else nothing_word(schema, style.language)


def _dump(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
