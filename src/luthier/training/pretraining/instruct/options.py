"""`Instruct`: the recipe's `instruct` section, the second stage of pretraining."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from luthier.training.options import AUTO

KindName = Literal[
    "copy",
    "reverse",
    "sentence",
    "continue",
    "title",
    "cloze",
    "order",
    "extract",
    "fields",
    "places",
    "next",
    "cloze_choice",
    "title_choice",
    "words_choice",
    "same_text",
    "language",
    "occurs",
    "question",
    "has_number",
    "traits",
    "longer",
    "earlier",
]
"""The kinds of instructions that can be made from plain text; see `kinds`."""


class Instruct(BaseModel):
    """A second stage: instructions that Luthier makes from the corpus itself, whose answers are known."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    examples: int = Field(default=20_000, ge=1)
    """Instructions to train on, in equal parts of every kind and language."""

    kinds: tuple[KindName, ...] = ()
    """The kinds to make; empty is all of them."""

    held_out: float = Field(default=0.02, gt=0, lt=1)
    """Share of the documents, and of the number of examples, that the result is measured on."""

    epochs: float = Field(default=1, gt=0)
    """Passes over the examples."""

    learning_rate: Literal["auto"] | float = AUTO
    """Peak learning rate; `auto` is that of full fine-tuning for the size of the model."""

    batch_size: Literal["auto"] | int = 16
    """Examples in one forward pass; `auto` as in a recipe's `training`."""

    max_length: int = Field(default=512, ge=64)
    """Tokens an example may have, answer included; longer ones are not made. At most what the model reads."""

    replay: float = Field(default=0.3, ge=0, lt=1)
    """Share of the tokens, and of the loss, that is plain text of the corpus; 0 is instructions alone."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.kinds)) < len(self.kinds):
            raise ValueError("kinds names one twice")
        for name in ("learning_rate", "batch_size"):
            value = getattr(self, name)
            if not isinstance(value, str) and value <= 0:
                raise ValueError(f"{name} must be above 0 or {AUTO}")
        return self
