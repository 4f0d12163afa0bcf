"""How long a run has taken, and how many more steps there is time for."""

import math
import time

_OLD = 0.9
"""Weight of the steps before in what a step is said to take."""


class Clock:
    """Seconds of training over all sittings, against a limit or without one."""

    def __init__(
        self, max_minutes: float | None, seconds: float = 0.0, seconds_per_step: float = 0.0
    ) -> None:
        """Start to count.

        Args:
            max_minutes: the limit; None: none.
            seconds: that earlier sittings took.
            seconds_per_step: at their end; 0 where there were none.
        """
        self._limit = math.inf if max_minutes is None else 60 * max_minutes
        self._started = time.monotonic() - seconds
        self._step_started = 0.0
        self._steps = 0
        self.seconds_per_step = seconds_per_step

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return time.monotonic() - self._started

    @property
    def time_left(self) -> float:
        """Share of the limit that is left, 0 to 1; 1 where there is no limit."""
        return 1.0 if math.isinf(self._limit) else max(0.0, 1 - self.seconds / self._limit)

    @property
    def is_over(self) -> bool:
        """Whether there is no time for another step."""
        # The first step of a sitting says nothing: it compiles, and fills caches.
        usual = 0.0 if self._steps == 1 else self.seconds_per_step
        return self.seconds + usual > self._limit

    def begin_step(self) -> None:
        """A step begins."""
        self._step_started = time.monotonic()

    def end_step(self) -> None:
        """A step has ended."""
        taken = time.monotonic() - self._step_started
        self._steps += 1
        old = 0.0 if self._steps <= 2 else _OLD
        self.seconds_per_step = old * self.seconds_per_step + (1 - old) * taken

    def steps_left(self, wanted: float) -> float:
        """Of `wanted` further steps those that there is time for, as far as can be told."""
        if math.isinf(self._limit):
            return wanted
        return min(wanted, max(0, (self._limit - self.seconds) // max(self.seconds_per_step, 1e-9)))
