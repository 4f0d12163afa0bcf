"""Distinct-n and edit distance: by hand, by the textbook table, and by published examples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nltk.metrics.distance import edit_distance as by_nltk

from luthier.data.augmenting.measures import Distinct, edit_distance, tokens

TEXTS = st.text(alphabet="abc字😀", max_size=80)


def test_words_and_characters_are_tokens() -> None:
    assert tokens("The SOUP was cold.") == ["the", "soup", "was", "cold", "."]
    assert tokens("iPhone 15的屏幕好") == ["iphone", "15", "的", "屏", "幕", "好"]
    assert tokens(" \n") == []


def test_distinct_n_counts_by_hand() -> None:
    counted = Distinct()
    assert counted.shares() == {"distinct_1": 0.0, "distinct_2": 0.0}
    counted.add("a b a b")  # words: a, b of 4; pairs: ab, ba of 3
    assert counted.shares() == {"distinct_1": 2 / 4, "distinct_2": 2 / 3}
    counted.add("b c")  # and no pair across the two texts
    assert counted.shares() == {"distinct_1": 3 / 6, "distinct_2": 3 / 4}
    assert counted.different == (3, 3)
    assert counted.shares((2, 2)) == {"distinct_1": 2 / 6, "distinct_2": 2 / 4}


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("kitten", "sitting", 3), ("sunday", "saturday", 3), ("", "abc", 3), ("", "", 0), ("好吃", "好喝", 1)],
)
def test_edit_distance_of_the_textbooks(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other) == distance / max(len(one), len(other), 1)


@given(TEXTS, TEXTS)
def test_edit_distance_is_that_of_the_plain_table(one: str, other: str) -> None:
    longest = max(len(one), len(other))
    assert edit_distance(one, other) * longest == pytest.approx(by_nltk(one, other))
