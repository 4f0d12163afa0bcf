"""`lines`: one field a line, `food: negative`. The steadiest format in the published comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from luthier.design.formats.base import Format, Style, Written
from luthier.design.formats.clauses import (
    entries_of,
    read_single,
    write_single,
    write_values,
)
from luthier.design.formats.entries import Notes, assemble, nothing_word, says_nothing
from luthier.design.formats.json_values import json_entries
from luthier.design.formats.punctuation import punctuation_of, quote
from luthier.design.reading import DeviationKind, Reading
from luthier.tasks.answer import Answer, AnswerSchema

_NAME_SPECIALS = ":："
_VALUE_SPECIALS = ";；"


class Lines(Format):
    """One field a line: `food: negative`. Names and values with delimiters in them stand in double quotes."""

    type: Literal["lines"] = "lines"

    def write(
        self, answer: Answer, schema: AnswerSchema, style: Style, reasons: Mapping[str, str] | None = None
    ) -> Written:
        """Writes one line a field; the value alone where the task has one unnamed field."""
        del reasons  # only JSON has a place for them, and `check` refuses other formats
        if schema.single is not None:
            text = write_single(answer.get("", ()), schema, style)
            return Written(text, {"": (0, len(text))})
        colon = punctuation_of(style.language).colon
        text, spans = "", {}
        for item in schema.fields:
            values = answer.get(item.name, ())
            if not values and (style.unmentioned == "omit" or item.unmentioned is None):
                continue
            text += ("\n" if text else "") + quote(item.name, _NAME_SPECIALS) + colon
            value = write_values(values, item, style, _VALUE_SPECIALS)
            spans[item.name] = (len(text), len(text) + len(value))
            text += value
        return Written(text or quote(nothing_word(schema, style.language), _NAME_SPECIALS), spans)

    def read(self, text: str, schema: AnswerSchema, style: Style) -> Reading:
        """Reads any text; never raises."""
        nothing = says_nothing(text, schema, style)
        if nothing is not None:
            return nothing
        if schema.single is not None:
            return read_single(text, schema, style)
        notes = Notes()
        pieces = (line.strip() for line in text.split("\n"))
        entries = entries_of(pieces, schema, style, notes)
        if any(entry.loose for entry in entries) and text.lstrip().startswith(("{", "[", "```")):
            found = Notes()
            values = json_entries(text, schema, style, found)
            entries, notes = (values, found) if values else (entries, notes)
            notes.add(DeviationKind.PUNCTUATION, text)
        return assemble(entries, schema, style, notes, text)

    def describe(self, schema: AnswerSchema, style: Style) -> str:
        """Tells the model to write one line a field."""
        from luthier.design.formats.describing import describe_clauses, describe_single

        if schema.single is not None:
            return describe_single(schema, style)
        return describe_clauses(self, schema, style)
