import importlib.util
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luthier.design.formats import Json, Lines, Natural, Pairs, Style
from luthier.tasks.answer import AnswerSchema, Field

_spec = importlib.util.spec_from_file_location("format_contract", Path(__file__).with_name("contract.py"))
assert _spec
assert _spec.loader
contract = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(contract)

FORMATS = [Natural(), Lines(), Json(), Pairs()]
LABELS = ("positive", "neutral", "negative")
SCHEMAS = [
    AnswerSchema(
        tuple(Field(name, "label", LABELS, "not mentioned") for name in ("food", "price")),
        "aspect", "sentiment", "reason",
    ),
    AnswerSchema((Field("", "label", LABELS),), "label", "label", "reason"),
    AnswerSchema((Field("", "labels", LABELS, "none"),), "labels", "labels", "reason"),
    AnswerSchema((Field("", "label", ("0", "1", "-1")),), "label", "label", "reason"),
    AnswerSchema(
        tuple(Field(name, "strings", (), "none") for name in ("ORG", "PER")), "type", "entities", "reason"
    ),
    AnswerSchema((Field("", "text"),), "output", "output", "reason"),
]  # fmt: skip
relaxed = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("format", FORMATS, ids=lambda item: item.type)
@relaxed
@given(case=contract.cases())
def test_what_is_written_is_read_back(format, case):
    contract.written_is_read_back(format, case)


@relaxed
@given(case=contract.cases(reasoning=True))
def test_json_reads_reasons_back(case):
    contract.written_is_read_back(Json(), case)


@pytest.mark.parametrize("format", FORMATS, ids=lambda item: item.type)
@relaxed
@given(text=st.text(), schema=st.sampled_from(SCHEMAS), omit=st.booleans(), chinese=st.booleans())
def test_any_text_is_read(format, text, schema, omit, chinese):
    style = Style("zh" if chinese else "en", "omit" if omit else "placeholder")
    contract.reads_anything(format, text, schema, style)


@pytest.mark.parametrize("format", FORMATS, ids=lambda item: item.type)
@relaxed
@given(case=contract.cases(), data=st.data())
def test_damaged_text_is_read(format, case, data):
    schema, style, answer, reasons = case
    text = format.write(answer, schema, style, reasons).text
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    middle = data.draw(
        st.one_of(st.text(max_size=4), st.sampled_from(['"', "\n", ":", "{", "]", "，", "\\"]))
    )
    contract.reads_anything(format, text[:start] + middle + text[end:], schema, style)


@pytest.mark.parametrize("format", FORMATS, ids=lambda item: item.type)
@pytest.mark.parametrize("schema", SCHEMAS, ids=["aspects", "label", "labels", "numbers", "strings", "text"])
def test_degenerate_text_is_read_in_linear_time(format, schema):
    contract.reads_in_linear_time(format, schema, Style())


@pytest.mark.parametrize("format", FORMATS, ids=lambda item: item.type)
@pytest.mark.parametrize("schema", SCHEMAS, ids=["aspects", "label", "labels", "numbers", "strings", "text"])
def test_description_shows_a_skeleton_in_each_language(format, schema):
    english = format.describe(schema, Style("en"))
    chinese = format.describe(schema, Style("zh"))
    assert english.isascii()
    assert not chinese.isascii()
    if schema.single is None:
        assert schema.fields[0].name in english
        assert schema.fields[0].name in chinese
