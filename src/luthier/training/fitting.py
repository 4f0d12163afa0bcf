"""What a forward and backward pass takes of memory, and in how many passes a batch fits.

The batch that a step learns from follows from the rows alone, so that every machine learns the same; what the
machine has decides into how many passes it is cut.

Activations are counted as in Korthikanti et al., *Reducing Activation Recomputation in Large Transformer
Models* (arXiv:2205.05198), section 4.1: what each product, norm and non-linearity of a layer keeps for the
backward pass, by token. Theirs is `s b h (34 + 5 a s / h)` bytes a layer for GPT with dropout in 16 bits;
here, by `T` tokens, with the widths of the layer's own matrices:

    a layer         T (2 o b + 8 h 4) + a S b
    all layers      L + 1 of these (the one more is what its backward pass holds), with gradient checkpointing
                    3 of these and T h 4 for each layer
    logits          N v (2 b + 4)
    ends            2 T h 4
    what moves      its gradients, and the optimizer's state (AdamW 2 numbers a weight)
    bfloat16        2 bytes for each weight that is kept wider: autocast's copy

with `h` the width of the states; `o` the outputs of all of a layer's matrices together (each output and what
becomes of it: rotated, repeated for more heads, activated, multiplied); `8 h` the states and the two norms,
in float32; `a` heads; `S` the sum of the squared lengths of the rows (attention weights, where no fused
kernel computes them: on a CPU, or asked for); `N` supervised tokens of `v` words; `b` bytes of a computed
number; `L` the layers from the first that moves. What rows share is counted for each of them, so it is rather
too much.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from luthier.methods.layers import transformer_layers
from luthier.training.memory import free_memory
from luthier.training.options import AUTO, TrainingOptions
from luthier.training.sampler import batch_size

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from torch import nn
    from transformers import PreTrainedModel

_log = logging.getLogger(__name__)

_MARGIN = 0.8
"""Share of the free memory that may be taken; the rest is for pieces of it that fit nothing."""

_WIDE = 4
"""Bytes of a number in float32, in which states, norms and the weights that move are kept."""

_STATE = {"auto": 2, "adamw": 2, "muon": 2, "adafactor": 0, "sgd": 0}
"""Numbers that an optimizer keeps for a weight; Adafactor's rows and columns are next to nothing. Muon keeps
one for a weight of a matrix, and computes in about as much again."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a pass reads.

    Attributes:
        tokens: Of all rows.
        squares: Sum of the rows' squared lengths.
        supervised: Supervised tokens.
    """

    tokens: int
    squares: int
    supervised: int


def largest_load(rows: Dataset, options: TrainingOptions, pieces: int) -> Load:
    """Returns at least what the largest pass of any epoch reads; with `batch_tokens`, by rows of like length.

    Args:
        rows: Training rows.
        options: How many of them, or of their tokens, make a batch.
        pieces: Passes that a batch is read in.
    """
    lengths, supervised = np.asarray(rows["length"]), np.asarray(rows["supervised"])
    if options.batch_tokens is not None:
        longest = int(lengths.max())
        # A piece of uneven numbers of rows has one more than the mean.
        tokens = min(options.batch_tokens, options.batch_tokens // pieces + longest)
        share = float((supervised / lengths).max())
        return Load(tokens, tokens * longest, ceil(tokens * share))
    count = ceil(batch_size(rows, options) * options.gradient_accumulation / pieces)
    lengths, supervised = np.sort(lengths)[-count:], np.sort(supervised)[-count:]
    return Load(int(lengths.sum()), int((lengths**2).sum()), int(supervised.sum()))


@dataclass(frozen=True, slots=True)
class Footprint:
    """What training a model takes of memory, by the formula at the top of this module.

    Attributes:
        fixed: Bytes however many rows are read.
        token: Bytes for each token.
        square: Bytes for each pair of tokens of a row.
        supervised: Bytes for each supervised token.
    """

    fixed: int
    token: int
    square: int
    supervised: int

    def bytes(self, load: Load) -> int:
        """Returns what a pass takes beside the weights, its gradients and the optimizer's state included."""
        return (
            self.fixed
            + self.token * load.tokens
            + self.square * load.squares
            + self.supervised * load.supervised
        )


def footprint(
    model: PreTrainedModel, options: TrainingOptions, *, bfloat16: bool, device: torch.device
) -> Footprint:
    """Returns what a model takes where these options train it.

    Args:
        model: What `Method.apply` returned.
        options: Of gradient checkpointing and the optimizer.
        bfloat16: Whether products are computed in it.
        device: Where.
    """
    base: Any = model.get_base_model() if hasattr(model, "get_base_model") else model
    config, layers = base.config.get_text_config(), transformer_layers(base)[1]
    computed = 2 if bfloat16 else next(base.parameters()).element_size()
    width, active = config.hidden_size, _active_layers(model, base, layers)
    outputs = _outputs(layers[-1], getattr(config, "num_experts_per_tok", None) or 1)
    token = 2 * outputs * computed + 8 * width * _WIDE
    written_out = device.type == "cpu" or config._attn_implementation == "eager"
    square = config.num_attention_heads * computed if written_out else 0
    between = 0
    if options.gradient_checkpointing:
        # One that is computed again, and the last, whose asked tokens are not.
        active, between = 2, active * width * _WIDE
    moving = [weight for weight in model.parameters() if weight.requires_grad]
    fixed = sum(weight.numel() * weight.element_size() for weight in moving)
    copied = sum(weight.numel() for weight in model.parameters() if weight.element_size() > computed)
    return Footprint(
        fixed=fixed * (1 + _STATE[options.optimizer]) + copied * computed * bfloat16,
        token=token * (active + 1) + between + 2 * width * _WIDE,
        square=square * (active + 1),
        supervised=config.vocab_size * (2 * computed + _WIDE),
    )


def fitting_pieces(
    model: PreTrainedModel, rows: Dataset, options: TrainingOptions, *, bfloat16: bool, device: torch.device
) -> int:
    """Returns in how many passes a batch is read: as few as fit in what is free now.

    A batch size that the recipe names is believed: it is read in one pass until memory runs out, as
    `gradient_accumulation` of them make a step.

    Args:
        model: What `Method.apply` returned, on its device.
        rows: Training rows.
        options: How to train.
        bfloat16: Whether products are computed in it.
        device: Where the model is.
    """
    pieces = options.gradient_accumulation
    if options.batch_size != AUTO:
        return pieces
    takes = footprint(model, options, bfloat16=bfloat16, device=device)
    room = _MARGIN * free_memory(device)
    most = batch_size(rows, options) * pieces
    while pieces < most and takes.bytes(largest_load(rows, options, pieces)) > room:
        pieces = min(2 * pieces, most)
    if pieces > options.gradient_accumulation:
        _log.info("  a step is read in %d forward passes: %.1f GiB are free", pieces, room / 2**30)
    return pieces


def _active_layers(model: PreTrainedModel, base: Any, layers: nn.ModuleList) -> int:
    """Layers that keep something for the backward pass: those from the first through which gradients flow."""
    from luthier.training.engine.trunk import trunk_depth

    trained_prefix = getattr(getattr(model, "active_peft_config", None), "is_prompt_learning", False)
    embedded = base.get_input_embeddings().weight.requires_grad
    return len(layers) - (0 if trained_prefix or embedded else trunk_depth(layers))


def _outputs(layer: nn.Module, experts: int) -> int:
    """Outputs of all matrices of a layer together; of stacked experts those that a token is sent to."""
    total = 0
    for module in layer.modules():
        for weight in module.parameters(recurse=False):
            if weight.dim() == 2:
                # GPT-2 keeps its matrices the other way round.
                total += weight.shape[1 if type(module).__name__ == "Conv1D" else 0]
            elif weight.dim() == 3:
                total += weight.shape[1] * experts
    return total
