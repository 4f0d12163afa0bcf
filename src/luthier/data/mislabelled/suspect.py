"""`Suspect`: one example whose label is probably wrong, and the report over all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from luthier.tasks import Example, Target, Task, target_to_json

DECISIONS = ("", "accept", "keep", "drop")
"""What a person may write: nothing yet, take the suggestion, keep the given label, leave the record out."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """An example whose label is probably wrong.

    Attributes:
        example: As it was given.
        suggested: The whole target as it probably should be.
        fields: What is doubted: aspects, labels of a multi-label task, types of entities; ("",) for a single
            label.
        score: From 0, surely wrong, to 1, surely right; suspects are ordered by it.
    """

    example: Example
    suggested: Target
    fields: tuple[str, ...]
    score: float

    def to_row(self) -> dict[str, Any]:
        """Returns one line of the file that a person edits: `decision` is empty, to be set to a word.

        `given` and `suggested` are targets as in records, so that applying a suggestion is replacing.
        """
        pair = {} if self.example.text_pair is None else {"text_pair": self.example.text_pair}
        return {
            "id": self.example.id,
            "origin": self.example.origin,
            "text": self.example.text,
            **pair,
            "fields": list(self.fields),
            "given": target_to_json(self.example.target),
            "suggested": target_to_json(self.suggested),
            "score": round(self.score, 4),
            "decision": "",
        }


@dataclass(frozen=True, slots=True)
class MislabelledReport:
    """What the search for wrong labels found.

    Attributes:
        model: What judged: `tfidf`, or a run's folder.
        examples: How many examples were judged.
        unjudged: How many were not, because the model has no prediction that it did not learn.
        suspects: How many labels are doubted; one an example.
        by_field: Field to number of suspects, the most frequent first.
        changes: Given, an arrow, suggested; to number of suspects, the most frequent first. Whole targets, so
            for single labels alone; empty for other tasks.
    """

    model: str
    examples: int
    unjudged: int
    suspects: int
    by_field: Mapping[str, int]
    changes: Mapping[str, int]

    @classmethod
    def of(
        cls, suspects: Sequence[Suspect], *, model: str, examples: int, unjudged: int
    ) -> MislabelledReport:
        """Counts a list of suspects."""
        fields = Counter(name for suspect in suspects for name in suspect.fields)
        changes = Counter(
            f"{suspect.example.target} -> {suspect.suggested}"
            for suspect in suspects
            if isinstance(suspect.suggested, str)
        )
        return cls(
            model, examples, unjudged, len(suspects), dict(fields.most_common()), dict(changes.most_common())
        )

    def to_json(self) -> dict[str, Any]:
        """Returns the report as a JSON value."""
        return asdict(self)


def differing(task: Task, example: Example, suggested: Target) -> tuple[str, ...]:
    """Returns where a suggestion differs: aspects, labels of a multi-label task, types, or ""."""
    before, after = task.answer(example), task.answer(replace(example, target=suggested))
    fields = task.schema().fields
    if fields[0].kind == "labels":
        changed = set(before.get(fields[0].name, ())) ^ set(after.get(fields[0].name, ()))
        return tuple(label for label in fields[0].labels if label in changed)
    return tuple(field.name for field in fields if before.get(field.name, ()) != after.get(field.name, ()))
