import math

import pytest

from luthier.training.pretraining import clock
from luthier.training.pretraining.clock import Clock


@pytest.fixture
def now(monkeypatch):
    """A time that moves when told to."""
    time = [1000.0]
    monkeypatch.setattr(clock.time, "monotonic", lambda: time[0])
    return time


def step(watch, now, seconds):
    watch.begin_step()
    now[0] += seconds
    watch.end_step()


def test_without_a_limit_time_does_not_matter(now):
    watch = Clock(None)
    step(watch, now, 10_000)
    assert (watch.time_left, watch.is_over, watch.steps_left(7), watch.steps_left(math.inf)) == (
        1.0,
        False,
        7,
        math.inf,
    )


def test_the_first_step_is_no_measure(now):
    watch = Clock(1.0)
    step(watch, now, 40)  # compiling
    assert not watch.is_over
    step(watch, now, 2)
    # 60 - 42 = 18 seconds: nine steps of two.
    assert (watch.steps_left(100), watch.steps_left(5), watch.seconds_per_step) == (9, 5, 2)
    step(watch, now, 4)
    assert watch.seconds_per_step == pytest.approx(0.9 * 2 + 0.1 * 4)


def test_it_is_over_before_a_step_that_would_be_late(now):
    watch = Clock(1.0)
    for _ in range(5):
        step(watch, now, 11)
    assert watch.seconds == 55
    assert watch.is_over
    assert watch.time_left == pytest.approx(5 / 60)


def test_earlier_sittings_count(now):
    watch = Clock(1.0, 30.0, 3.0)
    assert (watch.time_left, watch.steps_left(100)) == (0.5, 10)
    assert Clock(1.0, 59.0, 3.0).is_over
