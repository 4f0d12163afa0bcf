"""The contract of a rule that mends texts. Inherit it, name the rule and what it does; all is tested."""

from __future__ import annotations

import time
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.test_edits import holds

from luthier.data.cleaning.rules import Rule

CONTRACT = settings(
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
)

# What rules look for, in pieces that meet each other in every order.
PIECES = st.sampled_from(
    [
        *(
            "The soup",
            "很好吃",
            "ＡＢＣ１２",
            "Ã©",
            "â€™",
            "\nÂ ",
            "<br/>",
            "<b class='x'>",
            "</b>",
            "<!--",
            "-->",
            "<script>",
        ),
        *(
            "</script>",
            "&amp;",
            "&lt;b&gt;",
            "&#20013;",
            "!!!!!",
            "。。。。。",
            "★★★★★",
            "\u200b",
            "\u200d",
            "\ufeff",
        ),
        *(
            "👩\u200d🍳",
            "🇨🇳",
            "\r\n",
            "\r",
            "\n\n\n",
            "  ",
            "\u3000",
            "\x00",
            "\x0b",
            "\x1b[31m",
            "裡面",
            "發現",
            "①",
            "ﬁ",
        ),
        *(
            "a@b.co",
            "13812345678",
            "4111 1111 1111 1111",
            "e\u0301",
            "\ud800",
            "한",
            "ᄒ",
            "ᅡ",
            "اللّٰه",
            "क्\u200dष",
        ),
    ]
)
HOSTILE = [
    *(
        "<" * 100_000,
        "<!--" * 25_000,
        "<script>" * 12_500,
        "</script>" * 11_000,
        "<br>" + " " * 100_000,
        "&" * 100_000,
    ),
    *(
        "<a " * 33_000,
        "1 " * 50_000,
        "a@" * 50_000,
        " \n" * 50_000,
        "+1-" * 33_333,
        "é" * 100_000,
        "好" * 100_000,
    ),
    *("GB82" * 25_000, "Ã" * 100_000, "œ " * 50_000, "\u200d" * 100_000, "!" * 100_000, "(0" * 50_000),
]


class RuleContract:
    """Holds for every rule. Subclasses give `rule`, and `changes`: texts with what becomes of them."""

    rule: Rule
    changes: Sequence[tuple[str, str]]
    unchanged: Sequence[str]

    def test_what_it_is_for(self) -> None:
        for before, after in self.changes:
            assert self.rule.concerns(before)
            assert self.rule.rewrite(before).after == after

    def test_what_it_leaves_alone(self) -> None:
        for text in (
            "",
            "The soup was fine, the view better.",
            "汤很好喝",
            "👩‍🍳👍🏽 😀",
            *self.unchanged,
        ):
            assert self.rule.rewrite(text).after == text

    @given(st.lists(PIECES | st.text(max_size=6), max_size=12).map("".join))
    @settings(CONTRACT, max_examples=150)
    def test_offsets_are_right_and_twice_is_as_once(self, text: str) -> None:
        found = self.rule.rewrite(text)
        assert found.before == text
        assert found.after == text or self.rule.concerns(text)
        holds(found)
        assert self.rule.rewrite(found.after).after == found.after

    def test_long_and_hostile_texts_take_time_in_proportion(self) -> None:
        started = time.process_time()
        for text in HOSTILE:
            self.rule.concerns(text)
            holds_in_a_few_places(self.rule, text)
        assert time.process_time() - started < 10


def holds_in_a_few_places(rule: Rule, text: str) -> None:
    found = rule.rewrite(text)
    touched = {at for edit in found.edits for at in range(edit.start, edit.end)}
    for at in range(0, len(text), 20_011):
        start, end = found.forward(at, at + 1)
        assert at in touched or found.after[start:end] == text[at]
