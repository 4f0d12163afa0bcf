"""When to stop and evaluate, and what a person sees meanwhile. Imported late, as `trainer` is."""

from __future__ import annotations

import time
from typing import Any

from transformers import TrainerCallback

from luthier.training.metric import PREFIX, choose_metric, evaluations_without_best
from luthier.training.progress import ProgressDisplay
from luthier.training.sampler import LengthGroupedBatches


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


class EpochOrder(TrainerCallback):  # type: ignore[misc]
    """Tells the batches which epoch begins, also one that is gone on with.

    The loader reaches them through as many wrappers as there are processes and skipped batches, and not
    through all of them.
    """

    def __init__(self, batches: LengthGroupedBatches) -> None:
        self._batches = batches

    def on_epoch_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Chooses the epoch's order."""
        self._batches.set_epoch(int(state.epoch or 0))


class ShowProgress(TrainerCallback):  # type: ignore[misc]
    """Shows loss, samples a second and evaluations.

    Args:
        rows_a_step: Rows of an optimizer step.
    """

    def __init__(self, rows_a_step: int) -> None:
        self._rows = rows_a_step
        self._display = ProgressDisplay("training")
        self._started = 0.0
        self._first = 0

    def on_train_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Starts the clock."""
        self._started = time.monotonic()
        self._first = state.global_step

    def on_log(self, _args: Any, state: Any, _control: Any, logs: dict[str, Any], **_: Any) -> None:
        """Shows the loss and, after an evaluation, what was measured."""
        measured = {key.removeprefix(PREFIX): value for key, value in logs.items() if key.startswith(PREFIX)}
        done, steps = state.global_step, state.max_steps
        if measured:
            # The loss and the primary metric; the others stand in the history.
            numbers = ", ".join(f"{name} {value:.4f}" for name, value in list(measured.items())[:2])
            self._display.write(f"step {done}/{steps}  validation: {numbers}")
        elif "loss" in logs:
            rate = max(done - self._first, 1) / max(time.monotonic() - self._started, 1e-9)
            told = f"loss {logs['loss']:.4f}  {rate * self._rows:.1f} samples/s"
            self._display.step(done, steps, told, (steps - done) / rate)

    def close(self) -> None:
        """Takes the bar away, also after an error."""
        self._display.close()
