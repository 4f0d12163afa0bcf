"""What a design and a task cannot both have: found before any data or weights load."""

from __future__ import annotations

from collections.abc import Iterator

from luthier.design.instructions import placeholders, pool, unknown_placeholders
from luthier.design.numbers import NumberedLabels
from luthier.design.options import Design
from luthier.errors import Problem
from luthier.tasks.answer import AnswerSchema
from luthier.tasks.base import Task
from luthier.text import nearest, normalise


def check(design: Design, task: Task) -> list[Problem]:
    """Returns every contradiction between the options of a design, and between a design and a task."""
    schema = task.schema()
    problems = [*_check_options(design, schema), *_check_labels(schema), *_check_numbers(design, task)]
    if not problems:
        problems = [*_check_instructions(design, task), *_check_apart(design, task)]
    return problems


def _check_options(design: Design, schema: AnswerSchema) -> Iterator[Problem]:
    single = schema.single
    if design.unmentioned == "omit" and single is not None and single.kind in ("label", "text"):
        yield Problem(
            f"nothing can be left out (strategy {design.strategy}): the task always has one answer",
            field="design.unmentioned",
            allowed="placeholder",
            hint="set `unmentioned: placeholder`, or another strategy",
        )
    if design.reasoning != "none" and design.format.type != "json":
        yield Problem(
            f"reasoning {design.reasoning!r} cannot be written as {design.format.type!r}",
            field="design.reasoning",
            allowed="none",
            hint="set `format: json` to have reasons",
        )
    if design.instruction == "none" and not isinstance(design.instructions, str):
        yield Problem(
            "wordings are given, but `instruction: none` uses none",
            field="design.instructions",
            hint="remove `instructions`, or set `instruction: first`",
        )
    if design.instructions in ("summary", "title") and (single is None or single.kind != "text"):
        yield Problem(
            f"the pool {design.instructions!r} is for generation tasks",
            field="design.instructions",
            allowed="default, or a list of your own wordings",
        )


def _check_labels(schema: AnswerSchema) -> Iterator[Problem]:
    folded: dict[str, str] = {}
    for item in schema.fields:
        key = normalise(item.name)
        if key in folded:
            yield Problem(f"{item.name!r} cannot be told apart from {folded[key]!r}", field="task")
        folded[key] = item.name
    for labels, unmentioned in dict.fromkeys((item.labels, item.unmentioned) for item in schema.fields):
        seen: dict[str, str] = {}
        for label in labels:
            key = normalise(label)
            if key in seen:
                yield Problem(
                    f"label {label!r} cannot be told apart from {seen[key]!r} when it is read",
                    field="task.labels",
                    hint="rename one of them",
                )
            seen[key] = label
        if unmentioned is not None and normalise(unmentioned) in seen:
            yield Problem(
                f"the word for unmentioned, {unmentioned!r}, is also a label",
                field="task.unmentioned",
                hint="choose another word for one of them",
            )


def _check_numbers(design: Design, task: Task) -> Iterator[Problem]:
    if design.labels != "number":
        return
    schema, numbers = task.schema(), task.numbers_by_label()
    if not any(item.labels for item in schema.fields):
        yield Problem(
            f"a {task.type} task has no labels that numbers could stand for",
            field="design.labels",
            allowed="text",
        )
        return
    words = {word for item in schema.fields for word in (*item.labels, item.unmentioned) if word is not None}
    missing = sorted(word for word in words if word not in numbers)
    if missing or len(set(numbers.values())) < len(numbers):
        lack = f"no number for {', '.join(missing)}" if missing else "two labels have the same number"
        yield Problem(lack, field="task.numbers", hint="give each label a number of its own")


def _check_instructions(design: Design, task: Task) -> Iterator[Problem]:
    schema = task.schema()
    values = placeholders(design, schema, _written(design, task), design.style(task.language))
    wordings = pool(design, task)
    if not wordings and design.instruction != "none":
        yield Problem("no wording is given", field="design.instructions", hint="give one, or remove the key")
    if design.wording is not None and wordings and design.wording >= len(wordings):
        yield Problem(
            f"wording {design.wording} does not exist",
            field="design.wording",
            allowed=f"0 to {len(wordings) - 1}",
        )
    for index, wording in enumerate(wordings):
        for name in unknown_placeholders(wording, values):
            guess = nearest(name, values)
            advice = f"did you mean {{{guess}}}? " if guess else ""
            yield Problem(
                f"nothing stands for {{{name}}} in this task",
                field=f"design.instructions[{index}]",
                allowed=", ".join(f"{{{known}}}" for known in values),
                hint=advice + f"write {{{{{name}}}}} for braces that are to stay",
            )


def _written(design: Design, task: Task) -> AnswerSchema:
    schema = task.schema()
    return NumberedLabels(task.numbers_by_label()).schema(schema) if design.labels == "number" else schema


def _check_apart(design: Design, task: Task) -> Iterator[Problem]:
    """Writes and reads every answer that has one value, and the one that has none."""
    schema, style = _written(design, task), design.style(task.language)
    for item in schema.fields:
        if item.kind == "text":
            continue
        for value in item.labels or ("value", item.unmentioned or "value"):
            answer = {item.name: (value,)}
            reading = design.format.read(design.format.write(answer, schema, style).text, schema, style)
            missing = any(other.unmentioned is None for other in schema.fields if other.name != item.name)
            if reading.answer != answer or (reading.deviations and not missing):
                yield Problem(
                    f"{item.name or 'the answer'} with the value {value!r} is not read back as it is written",
                    field="design.format",
                    allowed="json",
                    hint=f"rename it, or use another format than {design.format.type}",
                )
    bare = {item.kind: item.unmentioned for item in schema.fields if item.kind == "strings"}.get("strings")
    if (
        bare is not None
        and design.format.read(design.format.write({}, schema, style).text, schema, style).answer
    ):
        yield Problem(
            f"the word for unmentioned, {bare!r}, is read as a value",
            field="task.unmentioned",
            hint="choose a word without punctuation or quotes",
        )
