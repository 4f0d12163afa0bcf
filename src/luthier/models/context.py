"""How many tokens a model can read at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_NAMES = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length")


def context_length(model: PreTrainedModel) -> int | None:
    """Returns the tokens that a model reads at once, less a trained prefix; None where it names no limit."""
    config = model.config.get_text_config()
    limit = next((value for name in _NAMES if (value := getattr(config, name, None))), None)
    adapters = getattr(model, "peft_config", {}).values()
    prefix = max((getattr(adapter, "num_virtual_tokens", 0) or 0 for adapter in adapters), default=0)
    return None if limit is None else limit - prefix


def attention_span(model: PreTrainedModel) -> int | None:
    """Returns how many tokens, itself included, a token sees in every layer; None where it sees all.

    The span is a sliding window's, or a chunk's.
    """
    config = model.config.get_text_config()
    spans = [getattr(config, name, None) for name in ("sliding_window", "attention_chunk_size")]
    return min((span for span in spans if span), default=None)
