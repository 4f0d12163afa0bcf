"""The network that is trained: a Llama decoder that plain `transformers` loads."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.training.pretraining.options import Architecture
from luthier.training.pretraining.packing import document_layout

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import LlamaForCausalLM, PreTrainedTokenizerBase


def build_model(shape: Architecture, tokenizer: "PreTrainedTokenizerBase") -> "LlamaForCausalLM":
    """A new model in float32 with random weights from torch's generator.

    The matrices that write to the residual stream start at zero, so every layer begins as the identity.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=shape.hidden_size,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.key_value_heads,
            intermediate_size=shape.intermediate_size,
            max_position_embeddings=shape.max_positions,
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    for layer in model.model.layers:
        torch.nn.init.zeros_(layer.self_attn.o_proj.weight)
        torch.nn.init.zeros_(layer.mlp.down_proj.weight)
    return model


def hidden_states(body: Callable[..., Any], tokens: "Tensor", bos: int, *, bf16: bool) -> "Tensor":
    """Last hidden states of packed rows, each document by itself.

    Args:
        body: the decoder without its output layer.
        tokens: ids, shape (rows, length).
        bos: the id that opens a document.
        bf16: multiply in bfloat16, and return it; else float32.

    Returns:
        Shape (rows, length, width).
    """
    import torch

    positions, mask = document_layout(tokens, bos)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        output = body(input_ids=tokens, position_ids=positions, attention_mask=mask, use_cache=False)
    hidden: Tensor = output.last_hidden_state
    return hidden.to(torch.bfloat16) if bf16 else hidden


def export_model(model: "LlamaForCausalLM", tokenizer: "PreTrainedTokenizerBase", folder: Path) -> None:
    """Write bfloat16 weights, tokenizer and chat template as plain `transformers` loads them."""
    import torch

    copy.deepcopy(model).to(torch.bfloat16).save_pretrained(folder)
    limited = copy.deepcopy(tokenizer)
    limited.model_max_length = model.config.max_position_embeddings
    limited.save_pretrained(folder)
