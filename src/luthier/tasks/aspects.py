"""Aspects: one label, or "unmentioned", for each of several aspects of a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field as Option
from pydantic import model_validator

from luthier.tasks.answer import Answer, AnswerSchema, Field
from luthier.tasks.base import Task
from luthier.tasks.example import Example, Target, target_to_json
from luthier.tasks.record import (
    RecordReader,
    as_name,
    common_columns,
    is_missing,
    listed,
    parse_cell,
    rename_label,
)
from luthier.tasks.space import (
    PUBLISHED_KAPPA_WEIGHTS,
    SENTIMENTS,
    UNMENTIONED_NUMBER,
    Matrix,
    Name,
    check_distinct,
    check_kappa_weights,
    check_numbers,
    polarity,
)
from luthier.text import Language, nearest

NOT_MENTIONED: Mapping[Language, str] = {"en": "not mentioned", "zh": "未提及"}
_METRICS = ("accuracy", "f1_macro", "sample_accuracy", "auc", "log_loss", "ece", "format_error_rate")


class Aspects(Task):
    """What a text says about each aspect: one of `labels`, or nothing."""

    type: Literal["aspects"] = "aspects"
    aspects: tuple[Name, ...] = Option(min_length=1)
    """The aspects, in writing order."""
    labels: tuple[Name, ...] = Option(default=(), min_length=1, validate_default=True)
    """The label set. Default: positive, neutral, negative, or 正面, 中性, 负面."""
    unmentioned: Name = ""
    """The word for an aspect of which nothing is said. Default "not mentioned" or "未提及"."""
    numbers: dict[Name, int] | None = None
    """Numbers for designs with `labels: number`. Default: positive 1, neutral 0, negative -1, unmentioned -2;
    for labels that are no sentiments positions 0, 1, ... and -1."""
    kappa_weights: Matrix | None = None
    """Agreement weights, 0 to 1, (labels, unmentioned) x (labels, unmentioned). Default for positive,
    neutral, negative in that order: the published ones; for other labels none, and kappa is not reported."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        language: Language = "zh" if values.get("language") == "zh" else "en"
        labels = SENTIMENTS[language] if values.get("labels") is None else values["labels"]
        unmentioned = values.get("unmentioned")
        return {
            **values,
            "labels": labels,
            "unmentioned": NOT_MENTIONED[language] if unmentioned is None else unmentioned,
        }

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_distinct(self.aspects, "aspect")
        check_distinct(self.labels, "label", self.unmentioned)
        if self.numbers is not None:
            check_numbers(self.numbers, self._words)
        if self.kappa_weights is not None:
            check_kappa_weights(self.kappa_weights, self._words)
        return self

    @property
    def _words(self) -> tuple[str, ...]:
        return (*self.labels, self.unmentioned)

    @property
    def metrics(self) -> tuple[str, ...]:
        """As `Task.metrics`; `kappa` only where there is a `kappa_matrix`."""
        return _METRICS if self.kappa_matrix is None else ("kappa", *_METRICS)

    @property
    def primary_metric(self) -> str:
        """`kappa` where there is a `kappa_matrix`, else `sample_accuracy`."""
        return "sample_accuracy" if self.kappa_matrix is None else "kappa"

    @property
    def columns(self) -> Mapping[str, bool]:
        """As `Task.columns`."""
        return {"text": True, "aspects": True, "reasons": False}

    @property
    def kappa_matrix(self) -> Matrix | None:
        """`kappa_weights`, or the published ones for the three sentiments in their declared order."""
        if self.kappa_weights is not None:
            return self.kappa_weights
        sentiments = polarity(self.labels)
        if sentiments is None or sorted(sentiments) != [-1, 0, 1]:
            return None
        order = [*((1, 0, -1).index(sentiment) for sentiment in sentiments), 3]
        return tuple(tuple(PUBLISHED_KAPPA_WEIGHTS[row][column] for column in order) for row in order)

    def numbers_by_label(self) -> Mapping[str, int]:
        """As `Task.numbers_by_label`."""
        if self.numbers is not None:
            return self.numbers
        sentiments = polarity(self.labels)
        if sentiments is not None:
            return dict(zip(self._words, (*sentiments, UNMENTIONED_NUMBER), strict=True))
        return dict(zip(self._words, (*range(len(self.labels)), -1), strict=True))

    def relabel(self, record: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
        """As `Task.relabel`: the labels, not the aspects."""
        found = parse_cell(record.get("aspects"))
        if not isinstance(found, Mapping):
            return record
        return {**record, "aspects": {aspect: rename_label(label, names) for aspect, label in found.items()}}

    def example(
        self, record: Mapping[str, Any], *, id: str, origin: str = "", labelled: bool = True
    ) -> Example:
        """As `Task.example`."""
        reader = RecordReader(record)
        text = reader.text("text")
        target = self._target(reader) if labelled else None
        reasons = reader.reasons(self.aspects)
        common = reader.common()
        reader.finish()
        return Example(id, text or "", target, reasons=reasons, origin=origin, **common)

    def _target(self, reader: RecordReader) -> Target:
        mentioned: dict[str, str] = {}
        for aspect, value in (reader.mapping("aspects", required=True) or {}).items():
            if aspect not in self.aspects:
                guess = nearest(str(aspect), self.aspects)
                hint = f"did you mean {guess!r}?" if guess else "add it to the task's `aspects`, or remove it"
                reader.add(
                    "aspects", f"unknown aspect {str(aspect)!r}", allowed=listed(self.aspects), hint=hint
                )
            # A column of objects in Parquet or Arrow has every key in every row, null where nothing was said.
            elif not is_missing(value) and as_name(value) != self.unmentioned:
                label = reader.label(f"aspects.{aspect}", value, self.labels)
                mentioned[aspect] = label or ""
        return {aspect: mentioned[aspect] for aspect in self.aspects if aspect in mentioned}

    def record(self, example: Example) -> dict[str, Any]:
        """As `Task.record`."""
        target = {} if example.target is None else {"aspects": target_to_json(example.target)}
        return {"id": example.id, "text": example.text} | target | common_columns(example)

    def schema(self) -> AnswerSchema:  # type: ignore[override]  # pydantic's own is deprecated
        """As `Task.schema`: a field an aspect."""
        fields = tuple(Field(aspect, "label", self.labels, self.unmentioned) for aspect in self.aspects)
        sentiment = polarity(self.labels) is not None
        if self.language == "zh":
            return AnswerSchema(fields, "方面", "情感" if sentiment else "标签", "理由")
        return AnswerSchema(fields, "aspect", "sentiment" if sentiment else "label", "reason")

    def answer(self, example: Example) -> Answer:
        """As `Task.answer`."""
        target = example.target
        return {aspect: (label,) for aspect, label in target.items()} if isinstance(target, Mapping) else {}

    def target(self, answer: Answer, example: Example) -> Target:
        """As `Task.target`."""
        del example
        return {aspect: answer[aspect][0] for aspect in self.aspects if answer.get(aspect)}

    def strata(self, example: Example) -> tuple[str, ...]:
        """`aspect=label` for each mentioned aspect."""
        return tuple(f"{aspect}={values[0]}" for aspect, values in self.answer(example).items())
