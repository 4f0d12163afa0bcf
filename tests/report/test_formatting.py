from __future__ import annotations

import pytest

from luthier.report.formatting import count, interval, number, p_value, percent, signed, size, speed


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.71249, "0.712"), (1.5, "1.500"), (23.44, "23.4"), (412.3, "412"), (-0.05, "−0.050"), (None, "–")],
)
def test_three_digits(value, text):
    assert number(value) == text


def test_intervals():
    assert interval({"value": 0.5, "low": 0.41, "high": 0.5926}) == "[0.410, 0.593]"
    assert interval({"value": 0.5, "low": None, "high": None}) == ""


@pytest.mark.parametrize(("value", "text"), [(0.0004, "< 0.001"), (0.0312, "0.031"), (None, "–")])
def test_a_p_value_is_never_zero(value, text):
    assert p_value(value) == text


@pytest.mark.parametrize(
    ("flops", "text"),
    [
        (4e7, "0.04 GFLOP/s"),
        (31.24e9, "31.2 GFLOP/s"),
        (999.6e9, "1,000 GFLOP/s"),
        (1.524e12, "1.52 TFLOP/s"),
        (7.33e14, "733 TFLOP/s"),
    ],
)
def test_operations_a_second_in_the_unit_that_reads_well(flops, text):
    assert speed(flops) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0%"),
        (0.00004, "< 0.01%"),
        (0.0042, "0.42%"),
        (0.031, "3.1%"),
        (0.87, "87%"),
        (0.9999, "99.9%"),
        (1, "100%"),
    ],
)
def test_a_share_never_looks_like_all_or_nothing_when_it_is_not(share, text):
    assert percent(share) == text


def test_signs_counts_and_sizes():
    assert (signed(0.042), signed(-0.01)) == ("+0.042", "−0.010")
    assert (count(7654321), count(None)) == ("7,654,321", "–")
    assert (size(900 * 2**20), size(3 * 2**29)) == ("900 MiB", "1.50 GiB")


@pytest.mark.parametrize("value", [-1e-17, 0.0, -0.0004])
def test_what_rounds_to_zero_has_no_minus(value):
    assert number(value) == "0.000"
    assert signed(value) == "+0.000"
