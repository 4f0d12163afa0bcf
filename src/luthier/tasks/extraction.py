"""Extraction: typed spans of the text, nested and overlapping ones included."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field as Option
from pydantic import model_validator

from luthier.tasks.answer import Answer, AnswerSchema, Field
from luthier.tasks.base import Task
from luthier.tasks.example import UNPLACED, Entity, Example, Target, target_to_json
from luthier.tasks.record import (
    RecordReader,
    as_name,
    common_columns,
    describe,
    is_missing,
    listed,
    parse_cell,
    rename_label,
)
from luthier.tasks.space import Name, check_distinct
from luthier.text import Language, nearest, shorten

NOTHING_FOUND: Mapping[Language, str] = {"en": "none", "zh": "无"}
_SUFFIXED = re.compile(r"(.+)#([0-9]+)", re.DOTALL)


class Extraction(Task):
    """Which parts of the text are of which type: character offsets, end exclusive."""

    type: Literal["extraction"] = "extraction"
    types: tuple[Name, ...] = Option(min_length=1)
    """The entity types, in writing order."""
    unmentioned: Name = ""
    """The word for a type of which there is nothing. Default "none" or "无"."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("unmentioned") is None:
            return {**values, "unmentioned": NOTHING_FOUND["zh" if values.get("language") == "zh" else "en"]}
        return values

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_distinct(self.types, "type")
        return self

    @property
    def metrics(self) -> tuple[str, ...]:
        """As `Task.metrics`."""
        return ("precision", "recall", "f1", "f1_soft", "format_error_rate")

    @property
    def primary_metric(self) -> str:
        """`f1`."""
        return "f1"

    @property
    def columns(self) -> Mapping[str, bool]:
        """As `Task.columns`."""
        return {"text": True, "entities": True, "reasons": False}

    def relabel(self, record: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
        """As `Task.relabel`: the types of the entities."""
        found = parse_cell(record.get("entities"))
        if isinstance(found, str) or not isinstance(found, Sequence):
            return record
        renamed = [
            {**item, "type": rename_label(item["type"], names)}
            if isinstance(item, Mapping) and "type" in item
            else item
            for item in found
        ]
        return {**record, "entities": renamed}

    def example(
        self, record: Mapping[str, Any], *, id: str, origin: str = "", labelled: bool = True
    ) -> Example:
        """As `Task.example`."""
        reader = RecordReader(record)
        text = reader.text("text")
        target = self._target(reader, text) if labelled else None
        reasons = reader.reasons(self.types)
        common = reader.common()
        reader.finish()
        return Example(id, text or "", target, reasons=reasons, origin=origin, **common)

    def _target(self, reader: RecordReader, text: str | None) -> tuple[Entity, ...]:
        found: set[Entity] = set()
        for number, item in enumerate(reader.sequence("entities") or ()):
            entity = self._entity(reader, f"entities[{number}]", item, text)
            if entity in found:
                reader.add(
                    f"entities[{number}]", f"repeats {entity.text!r} ({entity.type}) at {entity.start}"
                )
            elif entity is not None:
                found.add(entity)
        return tuple(sorted(found))

    def _entity(self, reader: RecordReader, field: str, item: Any, text: str | None) -> Entity | None:
        if not isinstance(item, Mapping):
            reader.add(field, f"is {describe(item)}", allowed='{"start": 0, "end": 3, "type": "..."}')
            return None
        kind = as_name(item.get("type"))
        if kind not in self.types:
            guess = nearest(kind, self.types) if isinstance(kind, str) else None
            found = "is missing" if is_missing(kind) else f"unknown type {kind!r}"
            hint = f"did you mean {guess!r}? " if guess else ""
            hint += "`label_map` in the recipe's `data` renames types" if not is_missing(kind) else ""
            reader.add(f"{field}.type", found, allowed=listed(self.types), hint=hint)
        start, end = (_offset(reader, field, item, name) for name in ("start", "end"))
        if start is None or end is None or text is None:
            return None
        if not start < end <= len(text):
            reader.add(
                field, f"start {start}, end {end}", allowed=f"0 <= start < end <= {len(text)}, in characters"
            )
            return None
        _check_surface(reader, field, item, text, start, end)
        return Entity(start, end, kind, text[start:end]) if kind in self.types else None

    def record(self, example: Example) -> dict[str, Any]:
        """As `Task.record`."""
        target = {} if example.target is None else {"entities": target_to_json(example.target)}
        return {"id": example.id, "text": example.text} | target | common_columns(example)

    def schema(self) -> AnswerSchema:  # type: ignore[override]  # pydantic's own is deprecated
        """As `Task.schema`: a field a type."""
        fields = tuple(Field(name, "strings", (), self.unmentioned) for name in self.types)
        if self.language == "zh":
            return AnswerSchema(fields, "类型", "实体", "理由")
        return AnswerSchema(fields, "type", "entities", "reason")

    def answer(self, example: Example) -> Answer:
        """As `Task.answer`: surfaces in order of offset.

        A surface met for the j-th time within its type means its j-th occurrence in the text, overlapping
        occurrences counted. Where that is not the place meant, `#n` names the occurrence (from 1).
        """
        answer: dict[str, tuple[str, ...]] = {}
        entities = [item for item in example.target or () if isinstance(item, Entity)]
        for name in self.types:
            met: Counter[str] = Counter()
            values: list[str] = []
            for entity in sorted(item for item in entities if item.type == name):
                met[entity.text] += 1
                values.append(_spell(entity, met[entity.text], example.text))
            if values:
                answer[name] = tuple(values)
        return answer

    def target(self, answer: Answer, example: Example) -> Target:
        """As `Task.target`. A string that the text does not contain (so often) becomes an unplaced entity."""
        found: list[Entity] = []
        for name in self.types:
            met: Counter[str] = Counter()
            for value in answer.get(name, ()):
                entity = _place(value, name, met, example.text)
                if entity.start == UNPLACED or entity not in found:
                    found.append(entity)
        return tuple(sorted(found))

    def strata(self, example: Example) -> tuple[str, ...]:
        """The types that are present."""
        return tuple(self.answer(example))


def _occurrences(surface: str, text: str) -> Iterator[int]:
    """Yields the offsets at which `surface` stands in `text`, overlapping ones too."""
    start = text.find(surface)
    while start >= 0:
        yield start
        start = text.find(surface, start + 1)


def _spell(entity: Entity, met: int, text: str) -> str:
    occurrence = list(_occurrences(entity.text, text)).index(entity.start) + 1
    # A surface that looks like `name#2` by itself would otherwise be read as an occurrence of `name`.
    if occurrence == met and not _SUFFIXED.fullmatch(entity.text):
        return entity.text
    return f"{entity.text}#{occurrence}"


def _place(value: str, name: str, met: Counter[str], text: str) -> Entity:
    suffixed = _SUFFIXED.fullmatch(value)
    surface = suffixed[1] if suffixed else value
    met[surface] += 1
    number = _occurrence_number(suffixed[2]) if suffixed else met[surface]
    if surface:
        for occurrence, start in enumerate(_occurrences(surface, text), 1):
            if occurrence == number:
                return Entity(start, start + len(surface), name, surface)
    if suffixed and value in text:  # the model copied a surface that ends in `#2` as it stands
        start = text.index(value)
        return Entity(start, start + len(value), name, value)
    return Entity(UNPLACED, UNPLACED, name, surface)


def _occurrence_number(digits: str) -> int:
    # No text has so many occurrences, and Python refuses to convert very long digit strings.
    return int(digits) if len(digits) < 10 else 0


def _offset(reader: RecordReader, field: str, item: Mapping[str, Any], name: str) -> int | None:
    value = item.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        found = "is missing" if is_missing(value) else f"is {describe(value)}"
        reader.add(f"{field}.{name}", found, allowed="a whole number from 0, in characters")
        return None
    return value


def _check_surface(
    reader: RecordReader, field: str, item: Mapping[str, Any], text: str, start: int, end: int
) -> None:
    said = item.get("text")
    if is_missing(said) or said == text[start:end]:
        return
    hint = "offsets count characters from 0, the end exclusive"
    if said == text[start : end + 1]:
        hint = f"the end is exclusive: write {end + 1}"
    elif isinstance(said, str) and said in text:
        hint = f"it stands at {text.index(said)} to {text.index(said) + len(said)}; {hint}"
    found = (
        f"text {shorten(str(said))!r} is not what stands at {start} to {end}: {shorten(text[start:end])!r}"
    )
    reader.add(field, found, hint=hint)
