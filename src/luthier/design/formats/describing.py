"""The sentence that tells a model how to write its answer, with a skeleton that the format itself writes."""

from __future__ import annotations

from dataclasses import replace

from luthier.design.formats.base import Format, Style
from luthier.design.formats.entries import nothing_word
from luthier.design.formats.punctuation import punctuation_of
from luthier.tasks.answer import AnswerSchema

_SKELETON_FIELDS = 2


def skeleton(format: Format, schema: AnswerSchema, style: Style) -> str:
    """Writes the first fields with `<value>` in place of their values."""
    short = replace(schema, fields=schema.fields[:_SKELETON_FIELDS])
    answer = {item.name: (f"<{schema.value_key}>",) for item in short.fields}
    reasons = {item.name: f"<{schema.reason_key}>" for item in short.fields}
    return format.write(answer, short, style, reasons).text


def describe_single(schema: AnswerSchema, style: Style) -> str:
    """Describes the bare answer of a task with one unnamed field."""
    kind, word = schema.fields[0].kind, nothing_word(schema, style.language)
    if style.language == "zh":
        if kind == "labels":
            return f"只写标签本身，多个标签用“、”隔开；都不符合时只写“{word}”。"
        return "只写标签本身，不要解释。" if kind == "label" else "只写结果本身，不要附加说明。"
    if kind == "labels":
        return f'Write only the labels, separated by commas, or "{word}" if none applies.'
    return (
        "Write only the label, without explanation." if kind == "label" else "Write only the result itself."
    )


def describe_clauses(format: Format, schema: AnswerSchema, style: Style) -> str:
    """Describes `natural` and `lines`."""
    lines = format.type == "lines"
    several = any(item.kind in ("strings", "labels") for item in schema.fields)
    mark = punctuation_of(style.language).semicolon.strip()
    if style.language == "zh":
        shape = f"每行写一个{schema.name_key}" if lines else f"写成一句话，逐个写出{schema.name_key}"
        joined = f"，多个值用“{mark}”隔开" if several else ""
        return f"{shape}{joined}，{_absent(schema, style)}，格式如下：\n{skeleton(format, schema, style)}"
    shape = "Write one line per" if lines else "Write one sentence that goes through every"
    joined = f" (several values parted by {mark!r})" if several else ""
    what = f"{shape} {schema.name_key}{_absent(schema, style)}{joined}"
    return f"{what}, in this form:\n{skeleton(format, schema, style)}"


def describe_json(format: Format, schema: AnswerSchema, style: Style) -> str:
    """Describes `json` and `pairs`."""
    pair = format.type == "pairs"
    if style.language == "zh":
        thing = "JSON 数组" if pair else "JSON 对象"
        if schema.single is not None:
            return f"只写一个 {thing}，格式如下：\n{skeleton(format, schema, style)}"
        rows = f"每行写一个 {thing}，对应一个{schema.name_key}" + ("的一个值" if pair else "")
        return f"{rows}，{_absent(schema, style)}，格式如下：\n{skeleton(format, schema, style)}"
    thing = "JSON array" if pair else "JSON object"
    if schema.single is not None:
        return f"Write only one {thing}, in this form:\n{skeleton(format, schema, style)}"
    rows = f"Write one {thing} a line, one for each " + ("value of every " if pair else "") + schema.name_key
    return f"{rows}{_absent(schema, style)}, in this form:\n{skeleton(format, schema, style)}"


def _absent(schema: AnswerSchema, style: Style) -> str:
    word = nothing_word(schema, style.language)
    if style.language == "zh":
        if style.unmentioned == "placeholder":
            return f"文中没有涉及的写“{word}”"
        return f"文中没有涉及的不写，一个都没有时只写“{word}”"
    if style.unmentioned == "placeholder":
        return f', with "{word}" where the text says nothing about it'
    return f' that the text says something about, or only "{word}" if there is none'
