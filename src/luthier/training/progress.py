"""What a person sees while weights train, on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

_SECONDS_BETWEEN_LINES = 10.0


class ProgressDisplay:
    """Where a training stands and how long it will take.

    Args:
        title: What stands before the bar.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._bar: Progress | None = None
        self._line_at = time.monotonic()

    def step(self, done: int, steps: int, told: str, seconds_left: float) -> None:
        """Shows a step; a plain line only every ten seconds, and after the last step.

        Args:
            done: Steps done.
            steps: Steps in all, as planned now.
            told: Loss and speed, in words.
            seconds_left: As estimated now.
        """
        told = f"{told}  {timedelta(seconds=round(seconds_left))} left"
        if sys.stderr.isatty():
            self._move_bar(done, steps, told)
        elif time.monotonic() - self._line_at >= _SECONDS_BETWEEN_LINES or done >= steps:
            self._line_at = time.monotonic()
            self.write(f"step {done}/{steps}  {told}")

    def write(self, line: str) -> None:
        """Writes a line, above the bar where there is one."""
        if self._bar is not None:
            self._bar.console.print(line, highlight=False)
        else:
            sys.stderr.write(line + "\n")

    def close(self) -> None:
        """Takes the bar away, also after an error."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _move_bar(self, done: int, steps: int, told: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        if self._bar is None:
            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[told]}"))
            self._bar = Progress(TextColumn(self._title), *columns, console=Console(stderr=True))
            self._bar.add_task(self._title, total=steps, told="")
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], total=steps, completed=done, told=told)
