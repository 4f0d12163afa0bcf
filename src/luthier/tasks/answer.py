"""The answer: what every task looks like to a sample design.

A design writes and reads *fields with values* and knows nothing of aspects, entities or labels. A task turns
its target into an `Answer` and back; so that every format serves every task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Answer = Mapping[str, tuple[str, ...]]
"""Field name to values. A field without values (absent or `()`) is unmentioned. A `label` or `text` field has
at most one value; a `labels` or `strings` field any number, in writing order."""

FieldKind = Literal["label", "labels", "strings", "text"]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that the answer says something about.

    Attributes:
        name: An aspect or an entity type; "" for the only field of a classification or a generation.
        kind: `label` one of `labels`; `labels` any of them; `strings` any number of free strings; `text` one
            free text, the whole answer.
        labels: The closed label set in its declared order; empty for the open kinds.
        unmentioned: The word that stands for "no value" (`not mentioned`); None where there always is one.
    """

    name: str
    kind: FieldKind
    labels: tuple[str, ...] = ()
    unmentioned: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerSchema:
    """The fields of a task's answer, in writing order, and what they are called in JSON.

    Attributes:
        fields: At least one; names are distinct.
        name_key: JSON key of a field's name (`aspect`, `type`; `方面`); also what an instruction calls it.
        value_key: JSON key of its value (`sentiment`, `label`, `entities`).
        reason_key: JSON key of the description that reasoning designs ask for.
    """

    fields: tuple[Field, ...]
    name_key: str
    value_key: str
    reason_key: str

    def __getitem__(self, name: str) -> Field:
        """Returns the field called `name`; raises KeyError where there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    @property
    def single(self) -> Field | None:
        """The only, unnamed field of a classification or generation; None where fields have names."""
        return self.fields[0] if len(self.fields) == 1 and not self.fields[0].name else None
