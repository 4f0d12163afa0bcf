"""The rounds: student after student, until validation gains nothing; the best of all stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

GOLD_ONLY = 0
"""The number of the model that learnt from gold alone: where no student beats it, it stays."""


@dataclass(frozen=True, slots=True)
class Round:
    """A model and how good it is.

    Attributes:
        number: 0 for the model that learnt from gold alone, else that of the student.
        score: The primary metric on validation; None where it is undefined there, or there was nothing to
            learn from.
        facts: What the report says of it, as JSON.
    """

    number: int
    score: float | None
    facts: Mapping[str, Any] = field(default_factory=dict)


def run_rounds(gold_only: Round, teach: Callable[[int], Round], limit: int) -> tuple[list[Round], Round]:
    """Teaches student after student until one is no better on validation than the best before it.

    One that gains nothing ends the rounds (a patience of 1): a student that is worse labels worse, and what
    it teaches seldom comes back. Among equals the earlier stays.

    Args:
        gold_only: The first teacher.
        teach: Makes the student of a number, taught by the one before.
        limit: Students at most.

    Returns:
        Everything that was made, and the best of it.
    """
    rounds, best = [gold_only], gold_only
    for number in range(1, limit + 1):
        student = teach(number)
        rounds.append(student)
        if student.score is None or (best.score is not None and student.score <= best.score):
            break
        best = student
    return rounds, best
