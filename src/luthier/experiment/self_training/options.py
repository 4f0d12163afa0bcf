"""`SelfTrainingOptions`: the recipe's `self_training` section."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from luthier.experiment.self_training.selection import Selection


class SelfTrainingOptions(BaseModel):
    """Learn from `data.unlabelled` too: a teacher labels it, what it is sure of joins the training set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rounds: int = Field(2, ge=1, le=20)
    """Students at most, each taught by the one before; ends sooner where validation gains nothing."""
    confidence: float | None = Field(0.9, gt=0, lt=1)
    """Least calibrated confidence of a pseudo-label, 0 to 1; `top` takes its place where that is given."""
    top: float | None = Field(None, gt=0, le=1)
    """Instead of a threshold: the most certain share of what was predicted to be of each class, 0 to 1."""
    weight: float = Field(0.5, gt=0, le=10)
    """Weight of a pseudo-labelled example in the loss; one with a gold label has 1."""
    teacher: Literal["model", "tfidf"] = "model"
    """Who labels: the fine-tuned model, or TF-IDF with logistic regression, fitted anew each round."""
    limit: int | None = Field(None, ge=1)
    """Unlabelled records that are labelled at most, drawn with the run's seed; None is all of them."""

    @model_validator(mode="before")
    @classmethod
    def _one_rule(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("top") is not None and "confidence" not in values:
            return {**values, "confidence": None}
        return values

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.confidence is None) == (self.top is None):
            raise ValueError("give one of `confidence`, a threshold, and `top`, a share of each class")
        return self

    @property
    def selection(self) -> Selection:
        """The rule that decides which pseudo-labels are taken."""
        return Selection(self.confidence, self.top)
