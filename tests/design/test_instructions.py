import difflib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luthier.design import Design
from luthier.design.instructions import draw, fill, leads, placeholders, pool, unknown_placeholders
from luthier.design.numbers import NumberedLabels
from luthier.tasks import Aspects, Classification, Extraction, Generation
from luthier.tasks.base import Task


def tasks(language: str) -> list[Task]:
    return [
        Classification(labels=("a", "b"), language=language),
        Classification(labels=("a", "b"), pair=True, language=language),
        Classification(labels=("a", "b"), multi_label=True, language=language),
        Aspects(aspects=("x", "y"), language=language),
        Extraction(types=("x", "y"), language=language),
        Generation(language=language),
    ]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_task_has_six_wordings_that_differ(language):
    pools = [pool(Design(), task) for task in tasks(language)]
    pools += [pool(Design(instructions=name), Generation(language=language)) for name in ("summary", "title")]
    assert len({wordings[0] for wordings in pools}) == len(pools)
    for wordings in pools:
        assert len(wordings) >= 6
        for index, one in enumerate(wordings):
            for other in wordings[index + 1 :]:
                bare = [text.replace("\n{format}", "") for text in (one, other)]
                assert difflib.SequenceMatcher(None, *bare).ratio() < 0.8


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_wording_says_on_which_side_of_it_the_text_stands(language):
    side = re.compile("below|following text|the following[.]|text above|下面|下文|上面|上文|以下")
    pools = [pool(Design(), task) for task in tasks(language)]
    pools += [pool(Design(instructions=name), Generation(language=language)) for name in ("summary", "title")]
    assert [text for wordings in pools for text in wordings if side.search(text)] == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("format", ["lines", "json"])
def test_shipped_wordings_leave_no_placeholder_and_tell_the_labels(language, format):
    design = Design(format=format)
    for task in tasks(language):
        schema = task.schema()
        values = placeholders(design, schema, schema, design.style(task.language))
        for wording in pool(design, task):
            assert unknown_placeholders(wording, values) == []
            filled = fill(wording, values)
            assert all(label in filled for item in schema.fields for label in item.labels)
            assert all(item.name in filled for item in schema.fields)
            assert format == "lines" or schema.value_key in filled


@given(st.text(), st.text())
def test_values_with_braces_are_safe(labels, fields):
    assert fill("{labels} {{x}} {fields}", {"labels": labels, "fields": fields}) == f"{labels} {{x}} {fields}"


def test_numbers_are_told_with_their_words():
    task, design = Aspects(aspects=("food",)), Design(labels="number")
    schema = task.schema()
    numbered = NumberedLabels(task.numbers_by_label()).schema(schema)
    values = placeholders(design, schema, numbered, design.style("en"))
    assert values["labels"] == "1 (positive), 0 (neutral), -1 (negative)"
    assert values["unmentioned"] == "-2"


def test_a_draw_depends_on_seed_and_example_alone():
    drawn = [draw(6, 0, f"row-{index}") for index in range(600)]
    assert drawn == [draw(6, 0, f"row-{index}") for index in range(600)]
    assert min(drawn.count(value) for value in range(6)) > 60
    assert drawn != [draw(6, 1, f"row-{index}") for index in range(600)]


def test_leads_exist_in_both_languages():
    assert leads("en")["answer"] == "Answer:"
    assert leads("zh")["answer"] == "答案："
