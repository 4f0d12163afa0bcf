"""Numbers for labels (NumLabel): swapped in before an answer is written and back after it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from luthier.tasks.answer import Answer, AnswerSchema

_CLOSED = ("label", "labels")


@dataclass(frozen=True)
class NumberedLabels:
    """The swap between label words and numbers.

    Attributes:
        numbers: Label to number, the unmentioned word included; numbers are distinct.
    """

    numbers: Mapping[str, int]

    def schema(self, schema: AnswerSchema) -> AnswerSchema:
        """Returns the schema with numbers in place of the labels of its closed fields."""
        fields = tuple(
            replace(
                item,
                labels=tuple(str(self.numbers[label]) for label in item.labels),
                unmentioned=None if item.unmentioned is None else str(self.numbers[item.unmentioned]),
            )
            if item.kind in _CLOSED
            else item
            for item in schema.fields
        )
        return replace(schema, fields=fields)

    def to_numbers(self, answer: Answer, schema: AnswerSchema) -> Answer:
        """Returns an answer in words with numbers for the labels of `schema`, which is in words too."""
        return {
            item.name: tuple(str(self.numbers[label]) for label in answer[item.name])
            if item.kind in _CLOSED
            else answer[item.name]
            for item in schema.fields
            if item.name in answer
        }

    def to_words(self, answer: Answer, schema: AnswerSchema) -> Answer:
        """The inverse of `to_numbers`; `schema` is in words."""
        words = {str(number): label for label, number in self.numbers.items()}
        return {
            item.name: tuple(words[value] for value in answer[item.name])
            if item.kind in _CLOSED
            else answer[item.name]
            for item in schema.fields
            if item.name in answer
        }
