"""`Example`: what is true about one record. The first of the two records that cross the rooms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

UNPLACED = -1
"""Offset of an entity whose text was predicted but does not stand in the input."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier turn of a dialogue."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """A typed span of the input.

    Attributes:
        start: Offset in characters; `UNPLACED` for predicted text that the input does not contain.
        end: Offset in characters, exclusive.
        type: One of the task's types.
        text: The surface, `input[start:end]` where placed.
    """

    start: int
    end: int
    type: str
    text: str


Target = str | tuple[str, ...] | Mapping[str, str] | tuple[Entity, ...]
"""What is predicted: a label or a free text (`str`), several labels in the order of the label space
(`tuple[str, ...]`), mentioned aspects (`Mapping`), or entities sorted by offset (`tuple[Entity, ...]`)."""


@dataclass(frozen=True, slots=True)
class Example:
    """One record as the task understands it.

    Attributes:
        id: Unique within its file; given by the user or `<stem>-<row>`.
        text: The input.
        target: What is true; None where the record is unlabelled.
        text_pair: The second text of a pair task.
        instruction: An instruction of its own, where the record carries one (Alpaca files).
        history: Earlier dialogue turns, oldest first; a system turn, if any, is the first.
        reasons: Why, by field name ("" for a task with one unnamed field), for reasoning designs.
        language: Language code, if the record has one.
        domain: Free-form domain name, if the record has one.
        group: What the record belongs to (a user, a document), if it says so; see the recipe's `data.group`.
        weight: Weight in the loss, above 0.
        origin: `file:line` it was read from, for messages and reports.
    """

    id: str
    text: str
    target: Target | None = None
    text_pair: str | None = None
    instruction: str | None = None
    history: tuple[Turn, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    domain: str | None = None
    group: str | None = None
    weight: float = 1.0
    origin: str = ""


def target_to_json(target: Target | None) -> Any:
    """Turns a target into a JSON value: entities become objects, tuples lists.

    An unplaced entity has no offsets, so its object carries `type` and `text` alone.
    """
    if target is None or isinstance(target, str):
        return target
    if isinstance(target, Mapping):
        return dict(target)
    return [_entity_to_json(item) if isinstance(item, Entity) else item for item in target]


def target_from_json(value: Any) -> Target | None:
    """Reads back what `target_to_json` wrote."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict):
        return value
    if any(isinstance(item, dict) for item in value):
        return tuple(
            Entity(item.get("start", UNPLACED), item.get("end", UNPLACED), item["type"], item["text"])
            for item in value
        )
    return tuple(value)


def _entity_to_json(entity: Entity) -> dict[str, Any]:
    named = {"type": entity.type, "text": entity.text}
    if entity.start == UNPLACED:
        return named
    return {"start": entity.start, "end": entity.end, **named}
