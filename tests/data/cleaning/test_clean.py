"""Whole examples: spans move with their text, labels and ids stay, and what is left out says why."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.data.cleaning.contract import CONTRACT, PIECES

from luthier.data.cleaning import CleanOptions, clean_example, mend, mend_input, unmended
from luthier.tasks import Aspects, Classification, Entity, Example, Extraction, Generation, Turn
from luthier.tasks.example import UNPLACED

LABELS = Classification(labels=("good", "bad"))
SPANS = Extraction(types=("DISH", "PLACE"))
ALL = CleanOptions.model_validate(dict.fromkeys(("compatibility", "simplified", "mask"), True))


def clean(text: str, **options: object) -> str:
    found = clean_example(Example("a", text, "good"), LABELS, CleanOptions.model_validate(options))
    return found.example.text if found.example else f"({found.reason})"


def test_the_default_rules_are_safe() -> None:
    assert (
        clean("  It\u200b was <b>great</b>!!!!!!\r\n\r\n\r\nCafÃ© &amp; bar ")
        == "It was great!!!\n\nCafé & bar"
    )
    for text in ("ＡＢＣ，全角", "這裡很好", "mail me: jo@x.org", "3 < 5 :-) <3 ... 😀😀", "“quoted” ‘so’"):
        assert clean(text) == text
    assert clean("  a \x00 b  ", spaces=False) == "  a  b  "


def test_none_changes_and_drops_nothing() -> None:
    text = "  <b>x</b>\u200b!!!!!! "
    found = clean_example(Example("a", text, "good"), LABELS, CleanOptions.model_validate("none"))
    assert found.example == Example("a", text, "good")
    assert found.rules == ()


def test_entities_lie_where_their_text_lies_now() -> None:
    text = "  The  CafÃ© has <b>beef \u200bnoodles</b>!!!!! near A&amp;B  "
    marked = (("CafÃ©", "PLACE"), ("beef \u200bnoodles", "DISH"), ("A&amp;B", "PLACE"))
    target = tuple(Entity(text.index(s), text.index(s) + len(s), kind, s) for s, kind in marked)
    found = clean_example(Example("a", text, tuple(sorted(target))), SPANS, CleanOptions())
    assert found.example is not None
    assert found.example.text == "The Café has beef noodles!!! near A&B"
    assert [(item.text, item.type) for item in found.example.target] == [
        ("Café", "PLACE"),
        ("beef noodles", "DISH"),
        ("A&B", "PLACE"),
    ]
    assert all(found.example.text[item.start : item.end] == item.text for item in found.example.target)


@given(st.data())
@settings(CONTRACT, max_examples=200)
def test_any_span_of_any_text_stays_a_span(data: st.DataObject) -> None:
    text = data.draw(st.lists(PIECES | st.text(max_size=4), min_size=1, max_size=10).map("".join))
    if not text:
        return
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    found = clean_example(Example("a", text, (Entity(start, end, "DISH", text[start:end]),)), SPANS, ALL)
    if found.example is None:
        assert found.reason in ("empty", "entity lost")
        return
    (entity,) = found.example.target
    assert entity.text
    assert found.example.text[entity.start : entity.end] == entity.text
    assert entity.text == entity.text.strip() or not found.rules


def test_code_and_markup_of_a_generation_task_stay_unless_the_recipe_says_otherwise() -> None:
    code = "def f():\n    return '<b>&amp;</b>'\n\n\n\n=======\n"
    example = Example("a", "write  f\u200b", code)
    found = clean_example(example, Generation(), CleanOptions()).example
    assert found is not None
    assert (found.text, found.target) == ("write  f", code)
    spaces = clean_example(example, Generation(), CleanOptions.model_validate({"spaces": True})).example
    assert spaces is not None
    assert spaces.text == "write f"


def test_an_example_that_no_rule_touches_is_the_same_object() -> None:
    example = Example("a", "A quiet place.", "good", text_pair="它很安静。", reasons={"": "quiet"})
    assert clean_example(example, LABELS, CleanOptions()).example is example


def test_an_example_whose_entity_was_only_dirt_is_left_out() -> None:
    found = clean_example(Example("a", "x <br> y", (Entity(2, 6, "DISH", "<br>"),)), SPANS, CleanOptions())
    assert (found.example, found.reason) == (None, "entity lost")


def test_every_text_of_an_example_is_mended_and_labels_are_not() -> None:
    example = Example(
        "a",
        " in ",
        " out\u200b ",
        instruction="do  it",
        history=(Turn("user", "hi&amp;"), Turn("assistant", "<b>yes</b>")),
        reasons={"": "because  so"},
    )
    options = CleanOptions.model_validate({"html": True, "spaces": True})
    found = clean_example(example, Generation(), options).example
    assert found is not None
    assert (found.text, found.target, found.instruction) == ("in", "out", "do it")
    assert [turn.content for turn in found.history] == ["hi&", "yes"]
    assert found.reasons == {"": "because so"}
    kept = clean_example(example, Generation(), options, outputs=False).example
    assert kept is not None
    assert (kept.text, kept.target) == ("in", " out\u200b ")
    aspects = Aspects(aspects=("food  x",))
    kept = clean_example(Example("b", "t", {"food  x": "positive"}), aspects, CleanOptions()).example
    assert kept is not None
    assert kept.target == {"food  x": "positive"}


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        ("<br/> \u200b", {}, "empty"),
        ("x" * 6, {"max_characters": 5}, "too long"),
        ("ok", {"min_characters": 3}, "too short"),
        ("long enough", {"max_characters": 5}, "too long"),
        ("Ceci n'est pas de l'anglais, c'est du français.", {"languages": ["en"]}, "another language"),
        ("这是中文", {"languages": ["en"]}, "another language"),
        ("これは日本語の文章です", {"languages": ["zh"]}, "another language"),
        ("Это предложение", {"languages": ["en", "zh"]}, "another language"),
    ],
)  # fmt: skip
def test_what_is_left_out_says_why(text: str, options: dict[str, object], reason: str) -> None:
    assert clean(text, **options) == f"({reason})"


@pytest.mark.parametrize(
    "text", ["这是中文", "This is an English sentence about food.", "ok 👍", "12:30", "C'est bon"]
)
def test_texts_in_the_languages_stay_and_so_do_those_too_short_to_tell(text: str) -> None:
    assert clean(text, languages=["en", "zh"]) == text


def test_the_models_tokens_count_where_a_counter_is_given() -> None:
    options = CleanOptions(max_tokens=2)
    example = Example("a", "one two three", "good")
    assert clean_example(example, LABELS, options, lambda text: len(text.split())).reason == "too many tokens"
    assert clean_example(example, LABELS, options, lambda _: 2).example == example


@given(st.lists(PIECES | st.text(max_size=4), max_size=10).map("".join))
@settings(CONTRACT, max_examples=100)
def test_spans_of_the_mended_text_are_found_in_the_text_before(text: str) -> None:
    found = mend(text, ALL.rules())
    for at in range(len(found.text)):
        start, end = found.backward(at, at + 1)
        assert 0 <= start <= end <= len(text)
        first, last = found.forward(start, end)
        assert first <= at < last or start == end


def test_what_is_found_in_a_mended_input_lies_in_the_text_as_it_was() -> None:
    example = Example("a", "  At last  came <b>Ada  Lovelace</b>, so  ")
    read, _ = mend_input(example, SPANS, CleanOptions())
    assert read.text == "At last came Ada Lovelace, so"
    found = (Entity(UNPLACED, UNPLACED, "DISH", "soup"), Entity(13, 25, "PLACE", "Ada Lovelace"))
    soup, ada = unmended(found, example, SPANS, CleanOptions())
    assert soup == found[0]
    assert ada == Entity(19, 32, "PLACE", "Ada  Lovelace")
    assert example.text[19:32] == ada.text
    assert unmended("good", example, LABELS, CleanOptions()) == "good"


@given(st.data())
@settings(CONTRACT, max_examples=200)
def test_any_span_that_is_found_stands_in_the_text_as_it_was(data: st.DataObject) -> None:
    example = Example("a", data.draw(st.lists(PIECES | st.text(max_size=4), max_size=10).map("".join)))
    read, _ = mend_input(example, SPANS, ALL)
    if not read.text:
        return
    start = data.draw(st.integers(0, len(read.text) - 1))
    end = data.draw(st.integers(start + 1, len(read.text)))
    (entity,) = unmended((Entity(start, end, "DISH", read.text[start:end]),), example, SPANS, ALL)
    assert entity.text
    assert entity.start == UNPLACED or example.text[entity.start : entity.end] == entity.text


def test_an_input_of_which_nothing_would_be_left_is_read_as_it_is() -> None:
    example = Example("a", " \u200b ")
    assert mend_input(example, LABELS, CleanOptions()) == (example, ())
    found = (Entity(1, 2, "DISH", "\u200b"),)
    assert unmended(found, example, SPANS, CleanOptions()) == found


def test_the_options_are_switches_or_mappings() -> None:
    options = CleanOptions.model_validate({"repeats": {"keep": 1}, "html": False, "mask": True})
    assert list(options.rules()) == ["repair", "invisible", "repeats", "spaces", "mask"]
    assert clean("a!!! <b>", repeats={"keep": 1}, html=False) == "a! <b>"
    for wrong in ({"html": "yes"}, {"repeat": True}, {"min_characters": 5, "max_characters": 4}, "all"):
        with pytest.raises(ValidationError):
            CleanOptions.model_validate(wrong)


@pytest.mark.parametrize(
    "given", ["default", "none", {"html": False, "mask": {"kinds": ["email"]}}, {"spaces": True}]
)
def test_written_out_in_full_the_options_are_read_back(given: object) -> None:
    options = CleanOptions.model_validate(given)
    again = CleanOptions.model_validate(options.model_dump(mode="json", exclude_none=True))
    assert again == options
    for task in (LABELS, Generation()):
        assert again.rules(task) == options.rules(task)
