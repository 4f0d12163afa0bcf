"""P-tuning v2: trained keys and values before the text at every layer (Liu et al. 2021, arXiv 2110.07602).

`peft.PrefixTuningConfig` is this method; PEFT's `PromptEncoderConfig` is P-tuning v1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from luthier.errors import UserError
from luthier.methods.adapter import add_adapter
from luthier.methods.base import Method
from luthier.methods.rates import interpolate_rate

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_RATES = ((1e7, 3e-2), (1e9, 1e-2), (7e9, 5e-3))


class PTuningV2(Method):
    """Trains a prefix of keys and values at every layer; the base stays as it is."""

    type: Literal["p-tuning-v2"] = "p-tuning-v2"

    prompt_length: int = Field(default=20, ge=1)
    """Virtual tokens: under 20 do for simple classification, about 100 for sequence labelling."""

    projection: bool = False
    """Whether an MLP makes the prefix while it trains; helps some tasks only. Its result is saved."""

    projection_size: int | None = Field(default=None, ge=1)
    """Width of that MLP; None is the model's hidden size."""

    @model_validator(mode="after")
    def _size_needs_projection(self) -> Self:
        if self.projection_size is not None and not self.projection:
            raise ValueError("projection_size needs projection: true")
        return self

    def apply(self, model: PreTrainedModel) -> PreTrainedModel:
        """Wraps the model in a `peft.PeftModel` with a trainable float32 prefix.

        Raises:
            UserError: Where PEFT cannot do prefix tuning with this model, or it checkpoints its activations.
        """
        from peft import PrefixTuningConfig

        size = self.projection_size or model.config.get_text_config().hidden_size
        config = PrefixTuningConfig(
            task_type="CAUSAL_LM",
            num_virtual_tokens=self.prompt_length,
            prefix_projection=self.projection,
            encoder_hidden_size=size if self.projection else None,
        )
        try:
            wrapped = add_adapter(model, config)
        except (ValueError, KeyError, AttributeError) as error:
            raise UserError(
                f"P-tuning v2 does not work with {type(model).__name__}: {error}", "choose method: lora"
            ) from error
        wrapped.prompt_encoder.float()
        return wrapped

    def learning_rate(self, parameters: int) -> float:
        """3e-2 up to 10M parameters, 1e-2 at 1B, 5e-3 from 7B on."""
        return interpolate_rate(parameters, _RATES)
