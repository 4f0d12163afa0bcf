"""`lines`: one field a line, `food: negative`. The steadiest format in the published comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from luthier.design.formats.base import Format, Style, Written
from luthier.design.formats.clauses import entries_of, read_single, write_clauses, write_single
from luthier.design.formats.describing import describe_clauses, describe_single
from luthier.design.formats.entries import Notes, assemble, nothing_word, says_nothing
from luthier.design.formats.json_values import json_entries
from luthier.design.formats.punctuation import quote
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
            return write_single(answer.get("", ()), schema, style)
        written = write_clauses(answer, schema, style, "\n", _NAME_SPECIALS, _VALUE_SPECIALS)
        return (
            written if written.text else Written(quote(nothing_word(schema, style.language), _NAME_SPECIALS))
        )

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
        if schema.single is not None:
            return describe_single(schema, style)
        return describe_clauses(self, schema, style)
