"""`natural`: one sentence, such as `food: negative, price: positive.`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from luthier.design.formats.base import Format, Style, Written
from luthier.design.formats.clauses import entries_of, read_single, write_clauses, write_single
from luthier.design.formats.describing import describe_clauses, describe_single
from luthier.design.formats.entries import (
    VALUE_SPECIALS,
    Notes,
    assemble,
    nothing_word,
    says_nothing,
)
from luthier.design.formats.json_values import json_entries
from luthier.design.formats.punctuation import punctuation_of, quote, split_outside_strings
from luthier.design.reading import DeviationKind, Reading
from luthier.tasks.answer import Answer, AnswerSchema

_STOPS = (".", "。")


class Natural(Format):
    """One sentence, `food: negative, price: positive.`; what contains delimiters stands in double quotes."""

    type: Literal["natural"] = "natural"

    def write(
        self, answer: Answer, schema: AnswerSchema, style: Style, reasons: Mapping[str, str] | None = None
    ) -> Written:
        """Writes one sentence; the value alone where the task has one unnamed field."""
        del reasons  # only JSON has a place for them, and `check` refuses other formats
        if schema.single is not None:
            return write_single(answer.get("", ()), schema, style)
        marks = punctuation_of(style.language)
        written = write_clauses(answer, schema, style, marks.comma, VALUE_SPECIALS, VALUE_SPECIALS)
        if not written.text:
            return Written(quote(nothing_word(schema, style.language), VALUE_SPECIALS))
        return Written(written.text + marks.stop, written.spans)

    def read(self, text: str, schema: AnswerSchema, style: Style) -> Reading:
        """Reads any text; never raises."""
        nothing = says_nothing(text, schema, style)
        if nothing is not None:
            return nothing
        if schema.single is not None:
            return read_single(text, schema, style)
        marks = punctuation_of(style.language)
        notes = Notes()
        sentence = text.strip()
        if not sentence.endswith(marks.stop):
            notes.add(DeviationKind.PUNCTUATION, sentence[-40:])
        if sentence.endswith(_STOPS):
            sentence = sentence[:-1]
        parts = split_outside_strings(sentence, ",，")
        if any(part.delimiter not in ("", marks.comma.strip()) for part in parts):
            notes.add(DeviationKind.PUNCTUATION, sentence)
        pieces = (part.text.strip() for part in parts)
        entries = entries_of(pieces, schema, style, notes, one_colon=True)
        if any(entry.loose for entry in entries) and sentence.startswith(("{", "[", "```")):
            entries = json_entries(text, schema, style, notes) or entries
        return assemble(entries, schema, style, notes, text)

    def describe(self, schema: AnswerSchema, style: Style) -> str:
        """Tells the model to write one sentence."""
        if schema.single is not None:
            return describe_single(schema, style)
        return describe_clauses(self, schema, style)
