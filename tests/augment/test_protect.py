"""What is protected, by hand; and that spans are what `Source` wants, whatever the text."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.augment.contract import LONG, TEXTS

from luthier.augment.literals import literals
from luthier.augment.negation import negations
from luthier.augment.protect import protected_spans
from luthier.tasks import Aspects, Classification, Entity, Example, Extraction

PLAIN = Classification(labels=("positive", "negative"))


def surfaces(text: str, spans: object) -> list[str]:
    return [text[start:end] for start, end in spans]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The food was not really good at all.", ["not really good"]),
        ("Don't go there, it's hardly worth it", ["Don't go", "hardly worth"]),
        ("We didn’t like the soup", ["didn’t like"]),
        ("never again", ["never again"]),
        ("a place without any charm", ["without any charm"]),
        ("no, thank you", ["no"]),
        ("It is neither cheap nor clean.", ["neither cheap", "nor clean"]),
        ("nothing to complain about", ["nothing to complain"]),
        ("The knot in my notebook is notable", []),
    ],
)
def test_english_negations_reach_to_what_they_negate(text: str, found: list[str]) -> None:
    assert surfaces(text, negations(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("一点都不好吃", ["不好吃"]),
        ("服务员没有微笑", ["没有微笑"]),
        ("我从来没有见过", ["从来没有见过"]),
        ("毫无特色，下次不会再来", ["毫无特色", "不会再来"]),
        ("味道不错", ["不错"]),
        ("环境不是很安静。", ["不是很安静"]),
        ("非常好吃，不过价格高，别人也说特别贵", []),
        ("不，谢谢", ["不"]),
    ],
)
def test_chinese_negations_reach_to_what_they_negate(text: str, found: list[str]) -> None:
    assert surfaces(text, negations(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("paid $1,299.99 on 3 May 2024", ["$1,299.99", "3 May 2024"]),
        ("see https://example.com/a?b=1, or www.x.org", ["https://example.com/a?b=1", "www.x.org"]),
        ("write to a.b+c@mail.example.com now", ["a.b+c@mail.example.com"]),
        ("at 7:30 pm for 20 minutes", ["7:30 pm", "20 minutes"]),
        ("the iPhone15 and its 5G", ["iPhone15", "5G"]),
        ("two of the twelve", ["two", "twelve"]),
        ("on May 3, 2024 we may go", ["May 3, 2024"]),
        ("修理花了1,299元，等了20分钟", ["1,299元", "20分钟"]),
        ("2024年5月3日下午", ["2024年", "5月", "3日"]),
        ("三十五块钱两个人", ["三十五块", "两个"]),
        ("nothing of the kind 好吃", []),
    ],
)
def test_numbers_dates_prices_and_addresses_are_literals(text: str, found: list[str]) -> None:
    assert surfaces(text, literals(text)) == found


def test_entities_aspects_labels_and_quotes_are_protected() -> None:
    extraction = Extraction(types=("place",))
    text = "from New York to York"
    target = (
        Entity(5, 13, "place", "New York"),
        Entity(9, 13, "place", "York"),
        Entity(17, 21, "place", "York"),
    )
    spans = protected_spans(Example("e", text, target), extraction)
    assert surfaces(text, spans) == ["New York", "York"]

    aspects = Aspects(aspects=("food quality", "price"))
    text = "Foods here have a good price, prices are low; the pricey quality is fine"
    spans = protected_spans(Example("a", text, {}), aspects)
    assert surfaces(text, spans) == ["Foods", "price", "prices", "quality"]

    chinese = Aspects(aspects=("菜品口味", "交通便利"), language="zh")
    text = "交通很方便，菜品口味一般，口味偏咸"
    spans = protected_spans(Example("c", text, {}), chinese)
    assert surfaces(text, spans) == ["交通", "菜品口味", "口味"]

    text = "a Positive surprise, all in all"
    assert surfaces(text, protected_spans(Example("l", text, "positive"), PLAIN)) == ["Positive"]


def test_what_reasons_quote_is_protected_whole_or_word_by_word() -> None:
    text = "The soup was cold, but the waiter smiled. The soup was cold."
    whole = Example("r", text, "negative", reasons={"": "the soup was cold"})
    assert surfaces(text, protected_spans(whole, PLAIN)) == ["soup", "cold", "soup", "cold"]
    whole = Example("r", text, "negative", reasons={"": "The soup was cold."})
    assert surfaces(text, protected_spans(whole, PLAIN)) == ["The soup was cold"] * 2
    text = "汤是凉的，服务员很热情"
    shared = Example("z", text, "正面", reasons={"": "因为服务员热情"})
    assert surfaces(text, protected_spans(shared, PLAIN)) == ["服务员", "热情"]


@given(TEXTS, st.text(alphabet="the soup 汤是凉的", max_size=12))
def test_spans_are_sorted_apart_and_not_empty(text: str, reason: str) -> None:
    spans = protected_spans(Example("x", text, "positive", reasons={"": reason}), PLAIN)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))


@pytest.mark.slow
def test_a_very_long_text_takes_time_in_proportion() -> None:
    aspects = Aspects(aspects=("food", "口味"))
    protected_spans(Example("warm", "不好", {}), aspects)
    for text in (*LONG, "not " * 25_000, "a@" * 50_000, "1" * 100_000, "1,a" * 33_000, "May " * 25_000):
        start = time.process_time()
        protected_spans(Example("x", text, {}, reasons={"food": text[:500]}), aspects)
        assert time.process_time() - start < 3, text[:10]
