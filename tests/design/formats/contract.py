"""The contract of every output format: what it writes it reads back, and it reads any text without raising.

A test of a new format calls `written_is_read_back` for each case of `cases()`, and `reads_anything`.
"""

# ruff: noqa: E501 (tables of texts read best one a line)
from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import product

from hypothesis import strategies as st

from luthier.design.formats import Format, Style
from luthier.design.reading import Reading
from luthier.tasks.answer import Answer, AnswerSchema, Field
from luthier.text import normalise

NASTY = (
    "a: b", "a, b", 'say "no"', "two\nlines", " padded ", "；", "口味：差", "x; y", "价格，贵", "not mentioned",
    "none", "无", "未提及", "{", '["a", "b"]', "- x", "1. x", "U.S.", "\\", '"', "\u2028", "A、B", "food", "a\tb",
)  # fmt: skip
"""Texts that contain delimiters, quotes, line breaks, placeholders and each other."""

_free = st.one_of(
    st.text(min_size=1, max_size=12), st.sampled_from(NASTY), st.text("a:：,，;；\"\n '.。", min_size=1)
)
_any = st.one_of(st.sampled_from(NASTY), st.text(min_size=1, max_size=8))
_name = _any.map(str.strip).filter(bool)


def _distinct(items: list[str]) -> tuple[str, ...]:
    return tuple({normalise(item): item for item in items if normalise(item)}.values())


@st.composite
def cases(draw: st.DrawFn, *, reasoning: bool = False) -> tuple[AnswerSchema, Style, Answer, dict[str, str]]:
    """Draws a schema of any task type, a style, an answer that the schema allows, and reasons."""
    language = draw(st.sampled_from(["en", "zh"]))
    unmentioned = draw(st.sampled_from(["placeholder", "omit"]))
    style = Style(language, unmentioned, draw(st.sampled_from(["before", "after"])) if reasoning else "none")
    word = "not mentioned" if language == "en" else "未提及"
    keys = ("aspect", "sentiment", "reason") if language == "en" else ("方面", "情感", "理由")
    shape = draw(st.sampled_from(["label", "labels", "text", "aspects", "extraction"]))
    labels = _distinct(draw(st.lists(_name.filter(lambda x: normalise(x) != word), min_size=2, max_size=4)))
    labels = labels if len(labels) > 1 else ("yes", "no: really")
    if shape in ("label", "labels", "text"):
        field = Field("", shape, () if shape == "text" else labels, word if shape == "labels" else None)  # type: ignore[arg-type]
        schema = AnswerSchema((field,), keys[1], keys[1], keys[2])
    else:
        names = _distinct(draw(st.lists(_name, min_size=1, max_size=4))) or ("food",)
        kind, closed = ("label", labels) if shape == "aspects" else ("strings", ())
        schema = AnswerSchema(tuple(Field(name, kind, closed, word) for name in names), *keys)  # type: ignore[arg-type]
    answer: dict[str, tuple[str, ...]] = {}
    for field in schema.fields:
        answer[field.name] = draw(_values(field))
    reasons = {name: draw(_free) for name, values in answer.items() if values} if reasoning else {}
    return schema, style, answer, reasons


def _values(field: Field) -> st.SearchStrategy[tuple[str, ...]]:
    if field.kind == "text":
        return st.tuples(_free.filter(lambda text: bool(text.strip())))
    if field.kind == "strings":
        return st.lists(_free, max_size=4).map(tuple)
    label = st.sampled_from(field.labels)
    if field.kind == "labels":
        chosen = st.sets(label)
        return chosen.map(lambda found: tuple(item for item in field.labels if item in found))
    one = label.map(lambda found: (found,))
    return one if field.unmentioned is None else st.one_of(one, st.just(()))


def written_is_read_back(format: Format, case: tuple[AnswerSchema, Style, Answer, dict[str, str]]) -> None:
    """`read(write(answer))` is the answer, the reasons with it, without a deviation; spans point at values."""
    schema, style, answer, reasons = case
    written = format.write(answer, schema, style, reasons)
    reading = format.read(written.text, schema, style)
    assert reading.answer == {name: values for name, values in answer.items() if values}, written.text
    assert reading.deviations == (), written.text
    assert reading.reasons == reasons
    for name, (start, end) in written.spans.items():
        field = schema[name]
        value = written.text[start:end]
        if field.kind == "label" and answer[name]:
            said = json.dumps(answer[name][0], ensure_ascii=False)
            assert value in (answer[name][0], said, said[1:-1])


def reads_anything(format: Format, text: str, schema: AnswerSchema, style: Style) -> Reading:
    """Reading never raises, and gives only fields and labels that the schema has."""
    reading = format.read(text, schema, style)
    for name, values in reading.answer.items():
        field = schema[name]
        assert values
        assert not field.labels or set(values) <= set(field.labels)
        assert field.kind not in ("label", "text") or len(values) == 1
    return reading


def long_texts(format: Format, schema: AnswerSchema, style: Style) -> Iterator[str]:
    """Yields degenerate texts of 50,000 characters."""
    good = format.write({item.name: ("negative",) for item in schema.fields}, schema, style).text
    units = [
        good, good + "\n", "a", '"', '\\"', '"\\', "{", "[", '{"', '{"a":', '{"a":[\n', "food", "food: ", ":", "，", " ",
        "\n", "food: x, ", '"a": ', "not ", '"a', "- ", "正面", "'aspect': '", "x: y\n", "1" * 60 + " ", "food, ",
    ]  # fmt: skip
    for unit, head in product(units, ["", '"']):
        yield (head + unit * (50_000 // len(unit) + 1))[:50_000]


def reads_in_linear_time(format: Format, schema: AnswerSchema, style: Style) -> None:
    """Ten times a degenerate text takes nowhere near a hundred times as long to read."""

    def seconds(text: str) -> float:
        # Of this process alone: other work on the machine must not count.
        start = time.process_time()
        reads_anything(format, text, schema, style)
        return time.process_time() - start

    for text in long_texts(format, schema, style):
        taken = seconds(text)
        assert taken < 1.0 or taken < 30 * seconds(text[: len(text) // 10]), (
            f"{taken:.1f} s for {text[:40]!r}"
        )
