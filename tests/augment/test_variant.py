"""Pieces of a text in a new order: what stands whole is found again."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luthier.augment.base import Source
from luthier.augment.variant import Variant
from luthier.edits import Edit, apply

TEXTS = st.text(alphabet="ab 字\n😀", max_size=30)


@given(TEXTS, st.data())
def test_spans_of_rearranged_pieces_keep_their_text(text: str, data: st.DataObject) -> None:
    cuts = sorted({0, len(text), *data.draw(st.lists(st.integers(0, len(text)), max_size=5))})
    stretches = list(itertools.pairwise(cuts))
    order = data.draw(st.permutations(stretches))
    variant = Variant.of(text, [piece for stretch in order for piece in ("+", stretch)])
    assert variant.after == "".join("+" + text[start:end] for start, end in order)
    for start, end in stretches:
        found = variant.forward(start, end)
        assert found is not None
        assert variant.after[found[0] : found[1]] == text[start:end]


def test_a_span_that_is_cut_doubled_or_gone_has_no_place() -> None:
    moved = Variant.of("red and blue", [(8, 12), " and ", (0, 3)])
    assert moved.after == "blue and red"
    assert moved.forward(0, 3) == (9, 12)
    assert moved.forward(9, 11) == (1, 3)
    assert moved.forward(0, 5) is None
    assert moved.forward(4, 7) is None
    assert Variant.of("aa", [(0, 1), (0, 1)]).forward(0, 1) is None


@given(TEXTS)
def test_edits_make_the_same_text_as_a_rewriting(text: str) -> None:
    edits = [Edit(at, at + 1, "xy" if char == "a" else "") for at, char in enumerate(text) if char in "ab"]
    assert Variant.edited(text, edits).after == apply(text, edits).after


def test_pieces_that_follow_each_other_are_one_and_those_outside_are_refused() -> None:
    assert Variant.of("abcd", [(0, 2), "", (2, 2), (2, 4)]).pieces == ((0, 4),)
    assert Variant.edited("abc", [Edit(1, 2, "b")]).pieces == ((0, 3),)
    with pytest.raises(ValueError, match="outside"):
        Variant.of("abc", [(1, 4)])


def test_two_steps_are_one_variant_of_the_first_text() -> None:
    moved = Variant.of("red and blue", [(8, 12), (3, 8), (0, 3)])
    both = moved.then(Variant.edited("blue and red", [Edit(1, 4, "ack"), Edit(8, 8, "")]))
    assert both.before == "red and blue"
    assert both.after == "back and red"
    assert both.pieces == ((8, 9), "ack", (3, 8), (0, 3))
    assert both.forward(0, 3) == (9, 12)
    assert both.forward(8, 12) is None
    back = moved.then(Variant.of("blue and red", [(9, 12), (4, 9), (0, 4)]))
    assert back == Variant.of("red and blue", [(0, 12)])
    with pytest.raises(ValueError, match="not one of the text"):
        moved.then(Variant.edited("red and blue", []))


@st.composite
def variants(draw: st.DrawFn, text: str) -> Variant:
    places = st.integers(0, len(text))
    spans = st.tuples(places, places).map(lambda pair: (min(pair), max(pair)))
    return Variant.of(text, draw(st.lists(spans | st.text(alphabet="xy", max_size=3), max_size=5)))


@given(TEXTS, st.data())
def test_two_steps_write_what_the_second_writes_and_keep_what_both_keep(
    text: str, data: st.DataObject
) -> None:
    first = data.draw(variants(text))
    second = data.draw(variants(first.after))
    both = first.then(second)
    assert (both.before, both.after) == (text, second.after)
    for start in range(len(text)):
        middle = first.forward(start, start + 1)
        place = both.forward(start, start + 1)
        if middle is not None:
            assert place == second.forward(*middle)
        if place is not None:
            assert both.after[slice(*place)] == text[start]


@given(TEXTS, st.data())
def test_many_spans_at_once_go_where_each_goes_alone(text: str, data: st.DataObject) -> None:
    variant = data.draw(variants(text))
    spans = [(start, end) for start in range(len(text)) for end in range(start + 1, len(text) + 1)]
    assert variant.forward_all(spans) == [variant.forward(*span) for span in spans]


def test_what_touches_a_protected_span_is_not_free() -> None:
    source = Source("not good at all", "en", ((0, 3), (9, 11)))
    assert source.is_free(4, 8)
    assert source.is_free(3, 9)
    assert source.is_free(3, 3)
    assert source.is_free(0, 0)
    assert not source.is_free(2, 2)
    assert not source.is_free(2, 5)
    assert not source.is_free(8, 10)
    assert not source.is_free(4, 15)
    assert not source.is_free(0, 3)
