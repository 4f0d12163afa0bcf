"""Instruction wordings: the shipped pools, what is filled in, and the draw of one for each example."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

from luthier.design.formats.base import Style
from luthier.design.options import Design
from luthier.tasks.answer import AnswerSchema
from luthier.tasks.base import Task
from luthier.text import Language

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^\W\d]\w*)\}")
_LIST_MARK: Mapping[Language, str] = {"en": ", ", "zh": "、"}


@functools.cache
def _shipped(language: Language) -> dict[str, Any]:
    from ruamel.yaml import YAML

    text = resources.files("luthier.design").joinpath("wordings", f"{language}.yaml").read_text("utf-8")
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return loaded


def leads(language: Language) -> Mapping[str, str]:
    """Returns the words before the input (`text`, or `first` and `second`) and before the `answer`."""
    found: Mapping[str, str] = _shipped(language)["leads"]
    return found


def pool(design: Design, task: Task) -> tuple[str, ...]:
    """Returns the wordings that a design draws from, placeholders still in them.

    Args:
        design: Names a shipped pool or brings its own.
        task: Chooses the language, and the pool where the design leaves it to the task.
    """
    if not isinstance(design.instructions, str):
        return design.instructions
    name: str = design.instructions
    if name == "default":
        single = task.schema().single
        several = single is not None and single.kind == "labels"
        name = task.type + ("_multi" if several else "_pair" if "text_pair" in task.columns else "")
    wordings = tuple(str(wording) for wording in _shipped(task.language)[name])
    if design.format.type in ("json", "pairs"):
        # Where the answer is free text its bare form needs no word, but JSON around it does.
        return tuple(text if "{format}" in text else f"{text}\n{{format}}" for text in wordings)
    return wordings


def placeholders(
    design: Design, schema: AnswerSchema, numbered: AnswerSchema, style: Style
) -> Mapping[str, str]:
    """Returns what each placeholder that makes sense for the task stands for.

    Args:
        design: Brings the format that describes itself.
        schema: The task's own schema, labels in words.
        numbered: The schema as it is written: the same, or with numbers for labels.
        style: The options around the format.
    """
    mark = _LIST_MARK[style.language]
    found = {"value": schema.value_key, "format": design.format.describe(numbered, style)}
    if schema.single is None:
        found |= {"name": schema.name_key, "fields": mark.join(item.name for item in schema.fields)}
    labels: dict[str, None] = {}
    for item, written in zip(schema.fields, numbered.fields, strict=True):
        for label, number in zip(item.labels, written.labels, strict=True):
            labels[label if label == number else f"{number} ({label})"] = None
    if labels:
        found["labels"] = mark.join(labels)
    words = [item.unmentioned for item in numbered.fields if item.unmentioned is not None]
    if words:
        found["unmentioned"] = words[0]
    return found


def fill(wording: str, values: Mapping[str, str]) -> str:
    """Puts values into a wording in one pass, so that braces in a value stay what they are."""

    def replace(match: re.Match[str]) -> str:
        return match[0][0] if match[1] is None else values.get(match[1], match[0])

    return _PLACEHOLDER.sub(replace, wording)


def unknown_placeholders(wording: str, values: Mapping[str, str]) -> list[str]:
    """Returns the names in braces that nothing stands for."""
    return [
        match[1]
        for match in _PLACEHOLDER.finditer(wording)
        if match[1] is not None and match[1] not in values
    ]


def draw(count: int, seed: int, id: str) -> int:
    """Draws a position below `count` that depends on seed and example alone, not on order or subset."""
    digest = hashlib.sha256(f"{seed}\0{id}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % count
