"""The contract of a fine-tuning method: which weights of a model move."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class ParameterCount:
    """How many parameters a method trains.

    Attributes:
        trainable: Parameters that the optimizer moves.
        total: Parameters of base model and adapter together, tied weights counted once.
    """

    trainable: int
    total: int

    @property
    def share(self) -> float:
        """Trainable over total, 0 to 1."""
        return self.trainable / self.total if self.total else 0.0


class Method(BaseModel, ABC):
    """Which weights move. The option object is the strategy: `apply` does the work.

    The contract suite in `tests/methods/contract.py` holds for every method and model family.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str

    @abstractmethod
    def apply(self, model: PreTrainedModel) -> PreTrainedModel:
        """Makes `model` ready to train: freezes what stays and adds what is new; returns the model to train.

        May return a wrapper (`peft.PeftModel`). Weights that train are float32, whatever the base holds.

        Raises:
            luthier.errors.UserError: Where the options do not fit the model (no such layer, no such module).
        """

    @abstractmethod
    def learning_rate(self, parameters: int) -> float:
        """Returns the peak learning rate that `auto` means for a base model of so many parameters."""
