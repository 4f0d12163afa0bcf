"""The contract of a task type: its label space, its records, its answer, its metrics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from luthier.errors import Problem
from luthier.tasks.answer import Answer, AnswerSchema
from luthier.tasks.example import Example, Target
from luthier.text import Language


class RecordError(Exception):
    """One record does not fit the task. The data room adds file and line and collects them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


class Task(BaseModel, ABC):
    """What is predicted, from what, over which label space, scored by what.

    A task is a frozen option object: what the recipe's `task` section names is what does the work. The
    contract suite in `tests/tasks/contract.py` holds for every one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    language: Language = "en"
    """Chooses the shipped instruction wordings, punctuation and report language."""

    @property
    @abstractmethod
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics that score this task, in the order they are shown."""

    @property
    @abstractmethod
    def primary_metric(self) -> str:
        """The metric that a verdict, early stopping and a search look at by default."""

    @property
    @abstractmethod
    def columns(self) -> Mapping[str, bool]:
        """The record's own columns (beside those of every record) and whether each is required."""

    @abstractmethod
    def example(
        self, record: Mapping[str, Any], *, id: str, origin: str = "", labelled: bool = True
    ) -> Example:
        """Reads one record.

        Args:
            record: Column name to value, column and label names already mapped.
            id: The example's id.
            origin: `file:line`, kept on the example.
            labelled: Whether the target is required; where False, a target that is present is ignored.

        Raises:
            RecordError: With every problem of the record: field, what was found, what is allowed.
        """

    @abstractmethod
    def record(self, example: Example) -> dict[str, Any]:
        """Returns an example as a record under our column names; `example` reads it back.

        Columns that hold nothing are left out, the target of an unlabelled example among them.
        """

    @abstractmethod
    def schema(self) -> AnswerSchema:  # type: ignore[override]  # pydantic's own is deprecated
        """Returns the fields of the answer in writing order."""

    @abstractmethod
    def answer(self, example: Example) -> Answer:
        """Returns the target of a labelled example as fields with values."""

    @abstractmethod
    def target(self, answer: Answer, example: Example) -> Target:
        """Returns the target that an answer means for this example's text; the inverse of `answer`.

        Never raises on values that `schema` allows; values of a `strings` field may be any text.
        """

    @abstractmethod
    def strata(self, example: Example) -> tuple[str, ...]:
        """Returns the labels of a labelled example that a stratified split keeps in proportion."""

    @property
    def kappa_matrix(self) -> tuple[tuple[float, ...], ...] | None:
        """Agreement weights of the weighted kappa, 0 to 1; None where the task has none.

        Rows gold, columns predicted, in the order of the labels; the unmentioned word, if any, comes last.
        """
        return None

    def numbers_by_label(self) -> Mapping[str, int]:
        """Returns the number that stands for each label in designs that ask for numbers.

        Numbers are distinct. The unmentioned word, where there is one, has one too. Empty for open tasks.
        """
        return {}

    def relabel(self, record: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
        """Returns a record with its labels renamed; what `names` does not mention, or cannot be read, stays.

        Args:
            record: Column name to value, columns already mapped.
            names: Their label to ours, as a recipe's `label_map` gives it.
        """
        del names
        return record

    def with_space(self, override: Mapping[str, Any]) -> Self:
        """Returns this task over another label space, as a test set may declare one.

        Raises:
            pydantic.ValidationError: Where `override` names a key the task does not have or a wrong value.
        """
        return type(self).model_validate({**self.model_dump(), **override})
