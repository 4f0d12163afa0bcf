"""The contract of an output format: an answer to text, and any text back to an answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict

from luthier.design.reading import Reading
from luthier.tasks.answer import Answer, AnswerSchema
from luthier.text import Language

Reasoning = Literal["none", "before", "after"]


@dataclass(frozen=True, slots=True)
class Style:
    """The options that a format needs to know beside its own.

    Attributes:
        language: Chooses punctuation and the wording of the format's description.
        unmentioned: `placeholder` writes a field without value with its placeholder (PU); `omit` leaves it
            out (OU).
        reasoning: Whether a description comes `before` the value (CoT), `after` it (R-CoT), or not at all.
    """

    language: Language = "en"
    unmentioned: Literal["placeholder", "omit"] = "placeholder"
    reasoning: Reasoning = "none"


@dataclass(frozen=True, slots=True)
class Written:
    """An answer as text.

    Attributes:
        text: The answer, without EOS.
        spans: Field name to the (start, end) character span of its value in `text`; fields left out are
            absent.
    """

    text: str
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)


class Format(BaseModel, ABC):
    """How an answer is written. The option object is the strategy: the recipe names it, and it does the work.

    For every answer that `schema` allows, `read(write(answer))` gives back the answer without a deviation;
    the contract suite in `tests/design/formats/contract.py` holds for every format.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str

    @abstractmethod
    def write(
        self, answer: Answer, schema: AnswerSchema, style: Style, reasons: Mapping[str, str] | None = None
    ) -> Written:
        """Writes an answer.

        Args:
            answer: Values by field name.
            schema: The fields in writing order. Numbers for labels, where the design asks for them, are
                already in.
            style: The options around the format.
            reasons: Descriptions by field name, where `style.reasoning` asks for them.
        """

    @abstractmethod
    def read(self, text: str, schema: AnswerSchema, style: Style) -> Reading:
        """Reads any text, leniently, and names every deviation. Never raises."""

    @abstractmethod
    def describe(self, schema: AnswerSchema, style: Style) -> str:
        """Returns the sentence that tells the model how to write its answer, for the instruction."""
