from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luthier.report.axis import Axis

finite = st.floats(-1e6, 1e6, allow_nan=False)


def test_round_ends_and_ticks():
    axis = Axis.over([0.12, 0.87])
    assert axis.ticks == [(0, "0.0"), (20, "0.2"), (40, "0.4"), (60, "0.6"), (80, "0.8"), (100, "1.0")]
    assert axis.at(0.5) == 50


def test_quarter_steps_keep_both_digits():
    assert [label for _, label in Axis.over([0, 1], ticks=4).ticks] == [
        "0.00",
        "0.25",
        "0.50",
        "0.75",
        "1.00",
    ]


def test_negative_values_have_a_true_minus_and_zero_has_none():
    assert [label for _, label in Axis.over([-0.2, 0.2], ticks=4).ticks] == [
        "−0.2",
        "−0.1",
        "0.0",
        "0.1",
        "0.2",
    ]


def test_bars_reach_zero():
    axis = Axis.over([0.7, 0.9], zero=True)
    assert axis.low == 0


def test_an_end_that_is_no_tick_gets_none():
    assert [label for _, label in Axis(0, 23, 5).ticks] == ["0", "5", "10", "15", "20"]


@given(st.lists(finite, max_size=8), st.integers(2, 8), st.booleans())
def test_every_value_lies_on_the_axis(values, ticks, zero):
    axis = Axis.over(values, ticks=ticks, zero=zero)
    assert axis.low < axis.high
    assert all(-0.01 <= axis.at(value) <= 100.01 for value in values)
    assert 2 <= len(axis.ticks) <= 2 * ticks + 3


@pytest.mark.parametrize("value", [0.0, 0.5, -3.0])
def test_one_value_alone_gets_room_around_it(value):
    axis = Axis.over([value, value])
    assert axis.low < value < axis.high
