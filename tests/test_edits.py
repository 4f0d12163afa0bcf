"""Offsets through changes: what no rule touched is found again on the other side."""

import re

from hypothesis import given
from hypothesis import strategies as st

from luthier.edits import Edit, Rewritten, apply, compared, substitute

TEXTS = st.text(alphabet="ab 字\n!😀", max_size=40)


def untouched(found: Rewritten) -> list[int]:
    """Offsets of `before` that lie in no change."""
    inside = {at for edit in found.edits for at in range(edit.start, edit.end)}
    return [at for at in range(len(found.before)) if at not in inside]


def holds(found: Rewritten) -> None:
    assert apply(found.before, found.edits).after == found.after
    for at in untouched(found):
        start, end = found.forward(at, at + 1)
        assert found.after[start:end] == found.before[at]
        assert found.backward(start, end) == (at, at + 1)


@given(TEXTS, TEXTS)
def test_any_two_texts_are_led_over_into_each_other(before: str, after: str) -> None:
    found = compared(before, after)
    assert found.after == after
    holds(found)


@given(TEXTS, st.sampled_from(["a+", "b", " +", "字|$", "^", "!a?"]), st.sampled_from(["", "x", "longer"]))
def test_substituting_is_re_sub_with_a_memory(text: str, pattern: str, by: str) -> None:
    found = substitute(re.compile(pattern), by, text)
    assert found.after == re.sub(pattern, by, text)
    holds(found)


def test_a_span_takes_in_the_whole_of_a_change_at_its_edge_and_nothing_that_was_put_in_beside_it() -> None:
    # "the  cafÃ© here" -> "> the café here": something put in front, a run of spaces, a repaired word.
    before = "the  cafXY here"
    found = apply(before, [Edit(0, 0, "> "), Edit(3, 5, " "), Edit(8, 10, "é")])
    assert found.after == "> the café here"
    assert found.forward(0, 3) == (2, 5)
    assert found.forward(5, 10) == (6, 10)
    assert found.forward(5, 9) == (6, 10)  # half of the repaired pair
    assert found.forward(4, 10) == (5, 10)  # begins inside the run of spaces
    assert found.forward(11, 15) == (11, 15)
    assert found.backward(2, 5) == (0, 3)
    assert found.backward(6, 10) == (5, 10)


def test_a_span_that_is_taken_out_is_empty() -> None:
    found = apply("a <b> c", [Edit(2, 5, "")])
    assert found.forward(2, 5) == (2, 2)
    assert found.forward(3, 4) == (2, 2)
    assert found.forward(1, 6) == (1, 3)


def test_long_stretches_that_differ_are_one_change() -> None:
    before, after = "x" + "ab" * 4000 + "y", "x" + "cd" * 4100 + "y"
    found = compared(before, after)
    assert [(edit.start, edit.end) for edit in found.edits] == [(1, 8001)]
    assert found.forward(8001, 8002) == (8201, 8202)
