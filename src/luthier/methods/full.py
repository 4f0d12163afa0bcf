"""Full fine-tuning: every weight moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from luthier.methods.base import Method
from luthier.methods.rates import interpolate_rate

if TYPE_CHECKING:
    from transformers import PreTrainedModel

FULL_RATES = ((1e7, 1e-3), (1e9, 2e-5), (7e9, 1e-5))
"""Size to learning rate: 1e-5 to 5e-5 is usual from 1B on; small models need far more."""


class Full(Method):
    """Every weight moves. The most memory, and the most freedom: right for small models."""

    type: Literal["full"] = "full"

    def apply(self, model: PreTrainedModel) -> PreTrainedModel:
        """Makes every parameter a trainable float32 one."""
        model.float()
        return model.requires_grad_(True)

    def learning_rate(self, parameters: int) -> float:
        """1e-3 up to 10M parameters, 2e-5 at 1B, 1e-5 from 7B on."""
        return interpolate_rate(parameters, FULL_RATES)
