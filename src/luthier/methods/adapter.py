"""A PEFT adapter put around a model."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peft import PeftConfig
    from transformers import PreTrainedModel


def add_adapter(model: PreTrainedModel, config: PeftConfig) -> PreTrainedModel:
    """Returns the model wrapped in a `peft.PeftModel`; only the adapter's weights train."""
    from peft import get_peft_model

    with warnings.catch_warnings():
        # PEFT asks every model for a property that transformers has renamed.
        warnings.simplefilter("ignore", FutureWarning)
        wrapped: PreTrainedModel = get_peft_model(model, config)
    return wrapped
