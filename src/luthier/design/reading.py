"""What reading a model's text yields: a value for every field, and each deviation from the design by kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from luthier.tasks.answer import Answer


class DeviationKind(StrEnum):
    """How a text may deviate from what the design would have written (Guo et al. 2024, arXiv 2404.13033)."""

    OTHER_WORDS = "other_words"  # a field or label in other words, mapped to the one that is meant
    EXTRA_FIELD = "extra_field"  # a field that the task does not have, dropped
    MISSING_FIELD = "missing_field"  # a field that placeholder designs ask for, read as unmentioned
    EXPLANATION = "explanation"  # a label followed by an explanation, label kept
    PROSE = "prose"  # free prose, everything unmentioned
    SECOND_LABEL = "second_label"  # a second label on one field, the first kept
    PUNCTUATION = "punctuation"  # wrong punctuation, repaired where unambiguous
    UNKNOWN_LABEL = "unknown_label"  # a word that is no label, read as unmentioned
    OUT_OF_RANGE = "out_of_range"  # a number that stands for no label, read as unmentioned
    REPETITION = "repetition"  # degenerate repetition, what parsed is kept
    EMPTY = "empty"  # nothing at all
    BROKEN_JSON = "broken_json"  # invalid JSON, fields salvaged where possible
    NOT_IN_TEXT = "not_in_text"  # an extracted string that the input does not contain

    @property
    def is_format_error(self) -> bool:
        """Whether strict reading counts it as a format error."""
        return self not in _HARMLESS


_HARMLESS = frozenset(
    {
        DeviationKind.OTHER_WORDS,
        DeviationKind.EXTRA_FIELD,
        DeviationKind.MISSING_FIELD,
        # What a model extracts may be wrong without its format being so.
        DeviationKind.NOT_IN_TEXT,
    }
)


@dataclass(frozen=True, slots=True)
class Deviation:
    """One deviation, with the piece of text that shows it."""

    kind: DeviationKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, read leniently.

    Attributes:
        answer: Values by field name; a field that is missing or unreadable is absent (unmentioned).
        reasons: Descriptions by field name, where the design has them.
        deviations: Everything that was not as the design writes it; empty exactly where strict reading
            succeeds.
    """

    answer: Answer
    reasons: Mapping[str, str] = field(default_factory=dict)
    deviations: tuple[Deviation, ...] = ()

    @property
    def format_errors(self) -> tuple[Deviation, ...]:
        """The deviations that strict reading counts as format errors."""
        return tuple(item for item in self.deviations if item.kind.is_format_error)
