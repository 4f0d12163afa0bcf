"""What a person sees while a model is pretrained, on stderr: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

_SECONDS_BETWEEN_LINES = 10.0


class ProgressLine:
    """Where the run stands, how fast it is and how long it will take."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self._bar: Progress | None = None
        self._line_at = -_SECONDS_BETWEEN_LINES

    def step(self, done: int, steps: int, loss: float, speed: float, seconds_left: float) -> None:
        """Show a step.

        Args:
            done: steps done.
            steps: steps in all, as planned now.
            loss: nats a token.
            speed: tokens a second.
            seconds_left: as estimated now.
        """
        told = f"loss {loss:.4f}  {speed:,.0f} tokens/s"
        left = timedelta(seconds=round(seconds_left))
        if sys.stderr.isatty():
            self._move_bar(done, steps, f"{told}  {left} left")
        elif time.monotonic() - self._line_at >= _SECONDS_BETWEEN_LINES or done >= steps:
            self._line_at = time.monotonic()
            self._write(f"step {done}/{steps}  {told}  {left} left")

    def measured(self, done: int, bits: dict[str, float | None]) -> None:
        """Show bits per byte by source."""
        numbers = ", ".join(f"{name} {value:.4f}" for name, value in bits.items() if value is not None)
        self._write(f"step {done}  held-out bits per byte: {numbers or 'no held-out text'}")

    def close(self) -> None:
        """Take the bar away, also after an error."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _move_bar(self, done: int, steps: int, told: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        if self._bar is None:
            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[told]}"))
            self._bar = Progress(TextColumn("pretraining"), *columns, console=Console(stderr=True))
            self._bar.add_task("pretraining", total=steps, told="")
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], total=steps, completed=done, told=told)

    def _write(self, line: str) -> None:
        if self._bar is not None:
            self._bar.console.print(line, highlight=False)
        else:
            sys.stderr.write(line + "\n")
