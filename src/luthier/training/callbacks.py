"""When to stop and evaluate, and what a person sees meanwhile. Imported late, as `trainer` is."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from luthier.training.metric import PREFIX, choose_metric, evaluations_without_best

if TYPE_CHECKING:
    from rich.progress import Progress

_SECONDS_BETWEEN_LINES = 10.0


class EarlyStop(TrainerCallback):  # type: ignore[misc]
    """Stops after `patience` evaluations without a new best.

    It counts in the Trainer's own log, which a checkpoint keeps, so a resumed run stops where an unbroken
    one does.
    """

    def __init__(self, metric: str, patience: int) -> None:
        self._metric = metric
        self._patience = patience

    def on_evaluate(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
        """Looks at the evaluations so far."""
        evaluations = [
            {key.removeprefix(PREFIX): value for key, value in entry.items() if key.startswith(PREFIX)}
            for entry in state.log_history
        ]
        measured = [entry for entry in evaluations if entry]
        name = choose_metric(self._metric, measured[-1])
        if evaluations_without_best(name, [entry[name] for entry in measured]) >= self._patience:
            control.should_training_stop = True


class LastEvaluation(TrainerCallback):  # type: ignore[misc]
    """Evaluates after the last step too, where evaluations come every so many steps."""

    def on_step_end(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
        """Asks for an evaluation at the end."""
        if state.global_step >= state.max_steps:
            control.should_evaluate = True


class ShowProgress(TrainerCallback):  # type: ignore[misc]
    """A bar on a terminal, plain lines elsewhere; both on stderr.

    Args:
        rows_a_step: Rows of an optimizer step.
    """

    def __init__(self, rows_a_step: int) -> None:
        self._rows = rows_a_step
        self._bar: Progress | None = None
        self._started = self._line_at = 0.0
        self._first = 0

    def on_train_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Starts the clock, and the bar."""
        self._started = self._line_at = time.monotonic()
        self._first = state.global_step
        if not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._bar.add_task("training", total=state.max_steps, completed=state.global_step, told="")
        self._bar.start()

    def on_step_end(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Moves the bar."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=state.global_step)

    def on_log(self, _args: Any, state: Any, _control: Any, logs: dict[str, Any], **_: Any) -> None:
        """Shows the loss and, after an evaluation, what was measured."""
        measured = {key.removeprefix(PREFIX): value for key, value in logs.items() if key.startswith(PREFIX)}
        if measured:
            # The loss and the primary metric; the others stand in the history.
            numbers = ", ".join(f"{name} {value:.4f}" for name, value in list(measured.items())[:2])
            self._write(f"step {state.global_step}/{state.max_steps}  validation: {numbers}")
        elif "loss" in logs:
            self._show_loss(state, logs["loss"])

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """Takes the bar away."""
        self.close()

    def close(self) -> None:
        """Takes the bar away, also after an error."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _show_loss(self, state: Any, loss: float) -> None:
        now = time.monotonic()
        steps = max(state.global_step - self._first, 1)
        rate = steps / max(now - self._started, 1e-9)
        told = f"loss {loss:.4f}  {rate * self._rows:.1f} samples/s"
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], told=told)
        elif now - self._line_at >= _SECONDS_BETWEEN_LINES or state.global_step >= state.max_steps:
            self._line_at = now
            left = timedelta(seconds=round((state.max_steps - state.global_step) / rate))
            self._write(f"step {state.global_step}/{state.max_steps}  {told}  {left} left")

    def _write(self, line: str) -> None:
        if self._bar is not None:
            self._bar.console.print(line, highlight=False)
        else:
            sys.stderr.write(line + "\n")
