"""The parts of a causal language model, whatever its family calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from luthier.errors import UserError

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel


def transformer_layers(model: PreTrainedModel) -> tuple[str, nn.ModuleList]:
    """Returns the stack of transformer layers and its name in the model (`model.layers`, `transformer.h`).

    Raises:
        UserError: Where the model has no such stack.
    """
    from torch import nn

    number = model.config.get_text_config().num_hidden_layers
    for name, module in model.named_modules():
        if isinstance(module, nn.ModuleList) and len(module) == number:
            return name, module
    raise UserError(
        f"no stack of {number} transformer layers was found in {type(model).__name__}",
        "choose what trains by patterns: trainable: {patterns: [...]}",
    )


def tied_head(model: PreTrainedModel) -> bool:
    """Tells whether the output head and the input embeddings are one matrix."""
    head = model.get_output_embeddings()
    return head is not None and head.weight is model.get_input_embeddings().weight


def parameter_names(model: PreTrainedModel, module: nn.Module) -> set[str]:
    """Returns the names, in `model`, of one module's parameters (a tied one's first name)."""
    wanted = {id(parameter) for parameter in module.parameters()}
    return {name for name, parameter in model.named_parameters() if id(parameter) in wanted}
