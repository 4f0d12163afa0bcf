"""`InstructResult`: what the second stage did, for the manifest and the report."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from luthier.training.pretraining.instruct.measure import Answered
from luthier.training.result import TrainResult


class KindResult(BaseModel):
    """What became of one kind of instruction."""

    model_config = ConfigDict(frozen=True)

    examples: int
    """Instructions trained on."""
    held_out: int
    """Instructions, from documents of their own, that the shares below are of."""
    accuracy_before: float | None
    """Share answered exactly, with no format error; None where none is held out."""
    accuracy_after: float | None
    """The same after training."""
    format_errors_before: float | None
    """Share whose answer was not written in the form asked for."""
    format_errors_after: float | None
    """The same after training."""


class InstructResult(BaseModel):
    """What the second stage did."""

    model_config = ConfigDict(frozen=True)

    kinds: dict[str, KindResult]
    """By kind."""
    overall: KindResult
    """Over all of them together."""
    dropped: dict[str, int]
    """Drafts that were not used, by reason."""
    tokens: int
    """Tokens of the training rows, the replayed text included."""
    replayed_tokens: int
    """Tokens of replayed text."""
    learning_rate: float
    """Peak learning rate."""
    training: TrainResult
    """What training measured, the learning curve included."""


def compare_answers(examples: int, before: Sequence[Answered], after: Sequence[Answered]) -> KindResult:
    """Counts what the same held-out instructions were answered before and after training.

    Args:
        examples: How many others were trained on.
        before: The answers of the model as it came.
        after: Those of the trained model.
    """
    n = len(before)

    def share(flags: Sequence[bool]) -> float | None:
        return sum(flags) / n if n else None

    return KindResult(
        examples=examples,
        held_out=n,
        accuracy_before=share([item.right for item in before]),
        accuracy_after=share([item.right for item in after]),
        format_errors_before=share([item.malformed for item in before]),
        format_errors_after=share([item.malformed for item in after]),
    )
