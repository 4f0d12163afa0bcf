"""`Prediction`: what a model said about one example, raw and read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from luthier.design.reading import Deviation, DeviationKind
from luthier.tasks.example import Target, target_from_json, target_to_json


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model said about one example.

    Attributes:
        id: The example's id.
        value: The target, as read leniently.
        text: The raw text; empty where the value does not come from text (a baseline).
        confidence: Probability of the value, 0 to 1: of the label, the least certain aspect or span, or the
            mean probability of a free text's tokens; None where the source has none.
        probabilities: Field name to label to probability (summing to 1 per field), for closed label sets. The
            placeholder of an unmentioned field is a label here. With several labels, each has its own.
        deviations: How the text deviates from the design.
    """

    id: str
    value: Target
    text: str = ""
    confidence: float | None = None
    probabilities: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    deviations: tuple[Deviation, ...] = ()

    @property
    def format_errors(self) -> tuple[Deviation, ...]:
        """The deviations that strict reading counts as format errors."""
        return tuple(item for item in self.deviations if item.kind.is_format_error)

    def to_row(self) -> dict[str, Any]:
        """Returns the prediction as one JSON object, as `predictions/*.jsonl` holds it."""
        return {
            "id": self.id,
            "text": self.text,
            "value": target_to_json(self.value),
            "confidence": self.confidence,
            "probabilities": {name: dict(scores) for name, scores in self.probabilities.items()},
            "deviations": [{"kind": item.kind.value, "detail": item.detail} for item in self.deviations],
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Prediction:
        """Reads back what `to_row` wrote; raises KeyError where a required key is missing."""
        value = target_from_json(row["value"])
        if value is None:
            raise KeyError("value")
        return cls(
            id=row["id"],
            value=value,
            text=row.get("text", ""),
            confidence=row.get("confidence"),
            probabilities=row.get("probabilities", {}),
            deviations=tuple(
                Deviation(DeviationKind(item["kind"]), item["detail"]) for item in row.get("deviations", ())
            ),
        )
