"""`EvaluationOptions`: the recipe's `evaluation` section."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

BaselineName = Literal["majority", "tfidf", "zero-shot"]


class EvaluationOptions(BaseModel):
    """How a run is scored and what it is held against."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    baselines: tuple[BaselineName, ...] = ("majority", "tfidf", "zero-shot")
    """What the fine-tuned model must beat; a baseline that the task has no form of is left out."""

    bootstrap: int = Field(1000, ge=0, le=100_000)
    """Resamples behind each interval; 0 leaves the intervals out."""

    confidence: float = Field(0.95, gt=0, lt=1)
    """Share of resamples that an interval covers, 0 to 1."""

    seeds: int = Field(1, ge=1, le=100)
    """Trainings with seeds `seed`, `seed + 1` ...; more than one tells how much a score owes to luck."""

    folds: int = Field(1, ge=1, le=100)
    """Folds of a cross-validation over the training set; 1 does none."""

    @field_validator("baselines")
    @classmethod
    def _distinct(cls, names: tuple[BaselineName, ...]) -> tuple[BaselineName, ...]:
        if len(set(names)) < len(names):
            raise ValueError("a baseline is named twice")
        return names
