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
