"""What training leaves behind beside the weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from luthier.methods import ParameterCount
from luthier.training.engine.meter import EngineReport
from luthier.training.metric import PREFIX


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One point of the learning curve: of training (`loss`) or of an evaluation (`eval_loss`, `metrics`).

    Attributes:
        step: Optimizer steps done.
        epoch: Passes done, with fraction.
        seconds: Since training began, over resumed runs.
        loss: Mean loss (nats a supervised token) of the steps since the point before.
        learning_rate: Of the last step.
        eval_loss: Mean loss on the validation rows.
        metrics: What else was measured on the validation set, by name.
    """

    step: int
    epoch: float
    seconds: float
    loss: float | None = None
    learning_rate: float | None = None
    eval_loss: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a training run measured.

    Attributes:
        history: The learning curve.
        best_step: Step whose weights the model holds now.
        best_metric: Name of the metric that chose it; "" where nothing was evaluated.
        steps: Optimizer steps done.
        seconds: Of this call, evaluations included.
        samples_per_second: Rows trained on a second, evaluations left out.
        tokens_per_second: The same in tokens, padding left out.
        peak_memory_bytes: Most memory held: of the GPU, else of the whole process.
        parameters: How many moved.
        engine: What the arithmetic came to; None where the model's cannot be counted.
    """

    history: tuple[HistoryRow, ...]
    best_step: int
    best_metric: str
    steps: int
    seconds: float
    samples_per_second: float
    tokens_per_second: float
    peak_memory_bytes: int
    parameters: ParameterCount
    engine: EngineReport | None


def in_words(result: TrainResult) -> str:
    """Says how fast a training was, how much memory it held, and what the engine spared it."""
    told = (
        f"{result.samples_per_second:,.1f} samples/s, {result.tokens_per_second:,.0f} tokens/s, "
        f"{result.peak_memory_bytes / 2**20:,.0f} MiB at most"
    )
    if result.engine is None:
        return told
    engine, saved = result.engine, result.engine.savings
    peak = engine.peak_flops_per_second / 1e9
    return (
        f"{told}; {engine.utilisation:.0%} of the machine's {peak:,.0f} GFLOP/s; "
        f"left out: padding {saved.padding:.0%}, shared {saved.shared:.0%}, unasked {saved.unasked:.0%}, "
        f"frozen {saved.trunk:.0%}; necessary: {engine.necessary_share:.0%}"
    )


def read_history(log: Sequence[Mapping[str, Any]]) -> tuple[HistoryRow, ...]:
    """Turns a Trainer's log into the learning curve."""
    rows = []
    for entry in log:
        if "loss" not in entry and not any(key.startswith(PREFIX) for key in entry):
            continue
        metrics = {key.removeprefix(PREFIX): value for key, value in entry.items() if key.startswith(PREFIX)}
        rows.append(
            HistoryRow(
                step=entry["step"],
                epoch=entry["epoch"],
                seconds=entry["seconds"],
                loss=entry.get("loss"),
                learning_rate=entry.get("learning_rate"),
                eval_loss=metrics.pop("loss", None),
                metrics=metrics,
            )
        )
    return tuple(rows)
