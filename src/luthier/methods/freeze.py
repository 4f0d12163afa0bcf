"""Freeze fine-tuning: some layers move, the others stay."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from luthier.errors import UserError
from luthier.methods.base import Method
from luthier.methods.full import FULL_RATES
from luthier.methods.layers import parameter_names, tied_head, transformer_layers
from luthier.methods.rates import interpolate_rate

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Trainable(BaseModel):
    """Which layers move: exactly one of the three."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    last: int | None = Field(default=None, ge=1)
    """The last n transformer layers."""

    first: int | None = Field(default=None, ge=1)
    """The first n transformer layers."""

    patterns: tuple[str, ...] = ()
    """Regular expressions; a parameter moves if one of them is found in its name."""

    @field_validator("patterns")
    @classmethod
    def _compiles(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return patterns

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum((self.last is not None, self.first is not None, bool(self.patterns))) != 1:
            raise ValueError("give exactly one of last, first and patterns")
        return self


class Freeze(Method):
    """Some layers move, the others stay as they are."""

    type: Literal["freeze"] = "freeze"

    trainable: Trainable = Trainable(last=2)
    """Which layers move."""

    embeddings: bool = False
    """Whether token (and position) embeddings move."""

    head: bool | None = None
    """Whether the output head moves; None: with `last` and `first` where it is a matrix of its own, not
    where it is the embeddings'; with `patterns` only if they match it."""

    norm: bool | None = None
    """Whether the last normalisation, between layers and head, moves; None: with `last` and `first`."""

    def apply(self, model: PreTrainedModel) -> PreTrainedModel:
        """Freezes all but the chosen parameters; the whole model becomes float32, one type throughout.

        Raises:
            UserError: Where there are fewer layers, a pattern matches nothing, or head and embeddings are one
                matrix but only one of them shall move.
        """
        names = self._layers(model) | self._rest(model)
        model.float()
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name in names)
        return model

    def learning_rate(self, parameters: int) -> float:
        """As for full fine-tuning."""
        return interpolate_rate(parameters, FULL_RATES)

    def _layers(self, model: PreTrainedModel) -> set[str]:
        chosen = self.trainable
        if chosen.patterns:
            return self._matching(model)
        _, layers = transformer_layers(model)
        number = chosen.last or chosen.first or 0
        if number > len(layers):
            raise UserError(
                f"method.trainable: {number} layers shall move, the model has {len(layers)}",
                f"give at most {len(layers)}, or method: full",
            )
        moving = layers[-number:] if chosen.last else layers[:number]
        return parameter_names(model, moving)

    def _matching(self, model: PreTrainedModel) -> set[str]:
        names = [name for name, _ in model.named_parameters()]
        found: set[str] = set()
        for pattern in self.trainable.patterns:
            matching = {name for name in names if re.search(pattern, name)}
            if not matching:
                raise UserError(
                    f"no parameter's name matches the pattern {pattern!r}",
                    f"names are like {names[0]} and {names[len(names) // 2]}",
                )
            found |= matching
        return found

    def _rest(self, model: PreTrainedModel) -> set[str]:
        """Embeddings, last norm and head, as stated."""
        tied, head = tied_head(model), model.get_output_embeddings()
        if tied and self.head is not None and self.head != self.embeddings:
            raise UserError(
                "embeddings and head of this model are one matrix, so they move together or not at all",
                "set embeddings and head alike, or leave head out",
            )
        _, layers = transformer_layers(model)
        inside = parameter_names(model, layers)
        heads = parameter_names(model, head) if head is not None else set()
        outside = {name: p for name, p in model.named_parameters() if name not in inside | heads}
        vectors = {name for name, parameter in outside.items() if parameter.dim() < 2}
        by_layer = not self.trainable.patterns
        moving: set[str] = set()
        if by_layer if self.norm is None else self.norm:
            moving |= vectors
        if self.embeddings:
            moving |= outside.keys() - vectors | (heads if tied else set())
        if not tied and (by_layer if self.head is None else self.head):
            moving |= heads
        return moving
