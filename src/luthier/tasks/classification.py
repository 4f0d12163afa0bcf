"""Classification: one label, or several, for a text or a pair of texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field as Option
from pydantic import model_validator

from luthier.tasks.answer import Answer, AnswerSchema, Field
from luthier.tasks.base import Task
from luthier.tasks.example import Example, Target
from luthier.tasks.record import (
    RecordReader,
    common_columns,
    describe,
    json_hint,
    listed,
    parse_labels,
    rename_label,
)
from luthier.tasks.space import Matrix, Name, check_distinct, check_kappa_weights, check_numbers
from luthier.text import Language

NO_LABEL: Mapping[Language, str] = {"en": "none", "zh": "无"}
_SINGLE = ("accuracy", "f1_macro", "f1_weighted", "mcc", "auc", "log_loss", "ece", "format_error_rate")
_MULTI = ("f1_macro", "f1_weighted", "accuracy", "auc", "log_loss", "ece", "format_error_rate")


class Classification(Task):
    """Which label fits a text (`label`), or which labels do (`labels`, with `multi_label`)."""

    type: Literal["classification"] = "classification"
    labels: tuple[Name, ...] = Option(min_length=2)
    """The label set, in the order of reports."""
    multi_label: bool = False
    """Whether a record may have any number of labels, none included."""
    pair: bool = False
    """Whether a record has a second text, `text_pair`."""
    unmentioned: Name | None = None
    """The word for no label at all; `multi_label` only. Default "none" or "无"."""
    numbers: dict[Name, int] | None = None
    """Numbers for designs with `labels: number`. Default: positions 0, 1, ... (and -1 for no label)."""
    kappa_weights: Matrix | None = None
    """Agreement weights, 0 to 1, labels x labels; where given, the weighted kappa is reported."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("multi_label") and values.get("unmentioned") is None:
            return {**values, "unmentioned": NO_LABEL.get(values.get("language", "en"), "none")}
        return values

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_distinct(self.labels, "label", self.unmentioned)
        if self.unmentioned is not None and not self.multi_label:
            raise ValueError("`unmentioned` needs `multi_label: true`: a single label is always there")
        if self.numbers is not None:
            check_numbers(self.numbers, self._words)
        if self.kappa_weights is not None:
            if self.multi_label:
                raise ValueError("`kappa_weights` compares single labels; remove it or `multi_label`")
            check_kappa_weights(self.kappa_weights, self.labels)
        return self

    @property
    def _words(self) -> tuple[str, ...]:
        return self.labels if self.unmentioned is None else (*self.labels, self.unmentioned)

    @property
    def metrics(self) -> tuple[str, ...]:
        """As `Task.metrics`; `kappa` with `kappa_weights` only."""
        if self.multi_label:
            return _MULTI
        return _SINGLE if self.kappa_weights is None else ("kappa", *_SINGLE)

    @property
    def primary_metric(self) -> str:
        """`accuracy`; for several labels `f1_macro`."""
        return "f1_macro" if self.multi_label else "accuracy"

    @property
    def columns(self) -> Mapping[str, bool]:
        """As `Task.columns`."""
        pair = {"text_pair": True} if self.pair else {}
        target = {"labels" if self.multi_label else "label": True}
        return {"text": True, **pair, **target, "reason": False, "reasons": False}

    @property
    def kappa_matrix(self) -> Matrix | None:
        """`kappa_weights`, in the order of the labels."""
        return self.kappa_weights

    def numbers_by_label(self) -> Mapping[str, int]:
        """As `Task.numbers_by_label`."""
        if self.numbers is not None:
            return self.numbers
        numbers = {label: position for position, label in enumerate(self.labels)}
        return numbers if self.unmentioned is None else {**numbers, self.unmentioned: -1}

    def relabel(self, record: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
        """As `Task.relabel`."""
        if not self.multi_label:
            return {**record, "label": rename_label(record["label"], names)} if "label" in record else record
        labels = parse_labels(record.get("labels"))
        if not labels or not isinstance(labels, list):
            return record
        return {**record, "labels": [rename_label(item, names) for item in labels]}

    def example(
        self, record: Mapping[str, Any], *, id: str, origin: str = "", labelled: bool = True
    ) -> Example:
        """As `Task.example`."""
        reader = RecordReader(record)
        text = reader.text("text")
        pair = reader.text("text_pair") if self.pair else None
        reasons = reader.reasons([""])
        reason = reader.text("reason", required=False)
        if reason is not None:
            reasons[""] = reason
        target = self._target(reader) if labelled else None
        common = reader.common()
        reader.finish()
        return Example(id, text or "", target, pair, reasons=reasons, origin=origin, **common)

    def _target(self, reader: RecordReader) -> Target | None:
        if not self.multi_label:
            return self._single(reader)
        if "labels" not in reader.record:
            reader.add("labels", "is missing", allowed=f"a list of {listed(self.labels)}")
            return None
        value = reader.record["labels"]
        found = [] if value is None else parse_labels(value)
        advice = json_hint(value) if found == [value] else ""
        if not isinstance(found, list) or (advice and value not in self.labels):
            reader.add(
                "labels", f"is {describe(value)}", allowed=f"a list of {listed(self.labels)}", hint=advice
            )
            return None
        if found == [self.unmentioned]:
            found = []
        checked = [reader.label("labels", item, self.labels) for item in found]
        for label in self.labels:
            if checked.count(label) > 1:
                reader.add("labels", f"lists {label!r} more than once")
        return tuple(label for label in self.labels if label in checked)

    def _single(self, reader: RecordReader) -> Target | None:
        if "label" not in reader.record:
            reader.add("label", "is missing", allowed=listed(self.labels))
            return None
        return reader.label("label", reader.record["label"], self.labels)

    def record(self, example: Example) -> dict[str, Any]:
        """As `Task.record`."""
        found: dict[str, Any] = {"id": example.id, "text": example.text}
        if example.text_pair is not None:
            found["text_pair"] = example.text_pair
        if example.target is not None:
            many = isinstance(example.target, tuple)
            found["labels" if many else "label"] = list(example.target) if many else example.target
        return found | common_columns(example)

    def schema(self) -> AnswerSchema:  # type: ignore[override]  # pydantic's own is deprecated
        """As `Task.schema`: one unnamed field."""
        key, reason = ("标签", "理由") if self.language == "zh" else ("label", "reason")
        kind: Literal["label", "labels"] = "labels" if self.multi_label else "label"
        return AnswerSchema((Field("", kind, self.labels, self.unmentioned),), key, key, reason)

    def answer(self, example: Example) -> Answer:
        """As `Task.answer`."""
        target = example.target
        return {"": (target,) if isinstance(target, str) else tuple(str(label) for label in target or ())}

    def target(self, answer: Answer, example: Example) -> Target:
        """As `Task.target`. An answer without a label, which only an unreadable text gives, is ""."""
        del example
        values = answer.get("", ())
        if self.multi_label:
            return tuple(label for label in self.labels if label in values)
        return values[0] if values else ""

    def strata(self, example: Example) -> tuple[str, ...]:
        """The label or labels; of several, the word for none where there is none."""
        return self.answer(example)[""] or ((self.unmentioned,) if self.unmentioned else ())
