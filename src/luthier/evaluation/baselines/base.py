"""The contract of a baseline: learns from labelled examples in seconds, predicts without a language model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

from luthier.inference.prediction import Prediction
from luthier.tasks.answer import Answer, AnswerSchema
from luthier.tasks.base import Task
from luthier.tasks.example import Example

Distribution = Mapping[str, float]
"""Label to probability."""


class Baseline(ABC):
    """A system that a fine-tuned model must beat to be worth its training."""

    name: str
    """What it does, as scores and reports call it."""

    @abstractmethod
    def predict(self, task: Task, examples: Iterable[Example]) -> list[Prediction]:
        """Predicts each example.

        Args:
            task: With the label space of these examples, which may differ from that of training.
            examples: Their targets are not looked at.
        """


def decide(task: Task, example: Example, schema: AnswerSchema, scores: Sequence[Distribution]) -> Prediction:
    """Takes the most probable label of each field.

    Args:
        task: That turns the labels into a target.
        example: That is predicted.
        schema: Of the task, given so that it is made once for all examples.
        scores: For each field, a distribution over its labels and, where it may be unmentioned, the
            placeholder.
    """
    answer: dict[str, tuple[str, ...]] = {}
    confidence = 1.0
    for field, distribution in zip(schema.fields, scores, strict=True):
        label = max(distribution, key=distribution.__getitem__)
        confidence = min(confidence, distribution[label])
        if label != field.unmentioned:
            answer[field.name] = (label,)
    probabilities = {field.name: one for field, one in zip(schema.fields, scores, strict=True)}
    return Prediction(
        example.id, task.target(answer, example), confidence=confidence, probabilities=probabilities
    )


def read_answers(task: Task, examples: Sequence[Example]) -> list[Answer]:
    """Returns what the targets of labelled examples say of each field."""
    return [task.answer(example) for example in examples]


def label_of(answer: Answer, name: str, unmentioned: str | None) -> str:
    """Returns the label of a field, its placeholder where it has none."""
    values = answer.get(name, ())
    return values[0] if values else unmentioned or ""
