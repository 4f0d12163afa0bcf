"""The network that is trained: a new Llama decoder, or a causal model that was trained before."""

import copy
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import UserError
from luthier.models import ModelOptions, context_length, load_model, quiet
from luthier.training.pretraining.options import Architecture, Pretraining

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerBase


def obtain_model(recipe: Pretraining, tokenizer: "PreTrainedTokenizerBase") -> "PreTrainedModel":
    """The recipe's model in float32 on the CPU, new or loaded.

    Raises:
        UserError: Where a base model cannot be loaded, is too short for the rows or has too few embeddings.
    """
    if recipe.from_ is None:
        assert recipe.architecture is not None
        return build_model(recipe.architecture, tokenizer)
    model = load_model(recipe.from_, "float32")
    limit, length = context_length(model), recipe.optimisation.row_length
    if limit is not None and length > limit:
        raise UserError(
            f"{recipe.from_.name} reads {limit} tokens at once, and rows have {length}",
            f"set optimisation.row_length to {limit} or less",
        )
    entries = model.get_input_embeddings().num_embeddings
    if len(tokenizer) > entries:
        raise UserError(
            f"the tokenizer of {recipe.from_.name} has {len(tokenizer)} tokens, its model embeds {entries}",
            "give a folder whose tokenizer belongs to its weights",
        )
    return model


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


def export_model(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", recipe: Pretraining, folder: Path
) -> None:
    """Write weights, tokenizer and chat template as plain `transformers` loads them; whole or not at all.

    With `from` the tokenizer, its chat template and the generation config are the base's, untouched.
    """
    device = model.device
    saved = copy.deepcopy(model.cpu()).to(_saved_dtype(recipe))
    model.to(device)
    written = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(written, ignore_errors=True)
    with quiet():
        saved.save_pretrained(written)
    _saved_tokenizer(tokenizer, recipe, saved).save_pretrained(written)
    shutil.rmtree(folder, ignore_errors=True)
    written.replace(folder)


def _saved_dtype(recipe: Pretraining) -> "torch.dtype":
    import torch

    if recipe.dtype == "auto":
        return _base_dtype(recipe.from_) if recipe.from_ else torch.bfloat16
    return torch.float32 if recipe.dtype == "float32" else torch.bfloat16


def _base_dtype(base: ModelOptions) -> "torch.dtype":
    import torch
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(base.locate(), **_origin(base))
    return config.dtype or torch.float32


def _saved_tokenizer(
    tokenizer: "PreTrainedTokenizerBase", recipe: Pretraining, model: "PreTrainedModel"
) -> "PreTrainedTokenizerBase":
    from transformers import AutoTokenizer

    if recipe.from_ is not None:
        # The one that was trained with may have been given a padding token.
        return AutoTokenizer.from_pretrained(recipe.from_.locate(), **_origin(recipe.from_))
    limited = copy.deepcopy(tokenizer)
    limited.model_max_length = model.config.max_position_embeddings
    return limited


def _origin(base: ModelOptions) -> dict[str, Any]:
    return {"revision": base.revision or "main", "trust_remote_code": base.trust_remote_code}
