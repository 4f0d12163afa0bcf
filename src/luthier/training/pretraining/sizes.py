"""How much is computed at once."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_TOKENS_ON_CPU = 4096
"""Eight rows of 512 were fastest for 9.5 million parameters on two cores."""
_MOST_TOKENS = 2**16
_TRAINED = 16
"""Bytes a parameter: weight, gradient and two moments in float32."""
_KEPT = 64
"""Bytes a token, layer and unit of width that the backward pass keeps: 34 in bfloat16 (arXiv:2205.05198,
without attention's scores), and as much again for float32 norms and what lives for a moment."""


def tokens_at_once(model: "PreTrainedModel", *, checkpointing: bool) -> int:
    """Tokens of one forward and backward pass that the model's device has room for."""
    import torch

    if model.device.type != "cuda":
        return _TOKENS_ON_CPU
    config = model.config.get_text_config()
    memory = torch.cuda.get_device_properties(model.device).total_memory
    # With checkpointing a layer keeps its input, and one layer at a time the rest.
    layers = 1 + config.num_hidden_layers / 16 if checkpointing else config.num_hidden_layers
    return fitting_tokens(memory, model.num_parameters(), layers * config.hidden_size)


def fitting_tokens(memory: int, parameters: int, units: float) -> int:
    """Tokens whose activations fit in half of what weights and moments leave.

    Args:
        memory: bytes of the device.
        parameters: that are trained.
        units: layers times width.

    Returns:
        1 to 65,536.
    """
    room = (memory - _TRAINED * parameters) / 2
    return int(min(max(room / (_KEPT * units), 1), _MOST_TOKENS))


def rows_at_once(rows: int, row_length: int, tokens: int) -> int:
    """The most rows of a step that divide it evenly and hold no more than `tokens`; 1 at least."""
    return max(n for n in range(1, rows + 1) if rows % n == 0 and (n == 1 or n * row_length <= tokens))
