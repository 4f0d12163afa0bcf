"""Cross-entropy that keeps one copy of the logits' gradient, and nothing as large beside it.

The library's keeps the logits, their float32 copy and the log-probabilities, and its backward pass makes two
more. For 800 tokens over 12,000 words that is 190 MB, and a small model spends much of its step on moving it.
Here a few hundred tokens at a time are turned into gradients while they are in cache.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from luthier.training.head_loss import summed_cross_entropy
from luthier.training.softmax import turn_into_gradients

_NUMBERS = {"cpu": 2**21}
_ON_GPU = 2**26
"""Numbers that are turned at once: on a CPU what its cache holds, on a GPU 256 MiB."""


def cross_entropies(logits: Tensor, targets: Tensor) -> Tensor:
    """Returns the cross-entropy of every token in nats, float32, shape (tokens,).

    Args:
        logits: Shape (tokens, words), in any floating type; their gradient has the same.
        targets: Ids, shape (tokens,).
    """
    found: Tensor = _CrossEntropy.apply(logits, targets)  # type: ignore[no-untyped-call]
    return found


def head_cross_entropies(hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor) -> Tensor:
    """Returns the cross-entropies of an output layer's logits, never more than a chunk of them at once.

    Where the output layer is frozen, a chunk's logits are turned into the hidden states' gradient while they
    are there. Where it trains, the backward pass computes them once more: its gradient takes each token's
    weight in the loss, which is known only then.

    Args:
        hidden: Last hidden states, shape (tokens, width), in the type to multiply in.
        weight: Of the output layer, shape (words, width).
        bias: Of the output layer, shape (words,).
        targets: Ids, shape (tokens,).

    Returns:
        Nats, float32, shape (tokens,).
    """
    found: Tensor = _HeadCrossEntropy.apply(hidden, weight, bias, targets)  # type: ignore[no-untyped-call]
    return found


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor) -> Tensor:
        tokens, words = logits.shape
        losses = torch.empty(tokens, device=logits.device)
        wanted = ctx.needs_input_grad[0]
        gradient = torch.empty_like(logits) if wanted else None
        chunk = max(1, _NUMBERS.get(logits.device.type, _ON_GPU) // words)
        for first in range(0, tokens, chunk):
            rows = slice(first, first + chunk)
            if gradient is None:
                losses[rows] = cross_entropy(logits[rows].float(), targets[rows], reduction="none")
                continue
            scores = logits[rows].to(torch.float32, copy=True)
            losses[rows] = turn_into_gradients(scores, targets[rows], torch.ones_like(losses[rows]))
            gradient[rows] = scores
        if gradient is not None:
            ctx.save_for_backward(gradient)
        return losses

    @staticmethod
    def backward(ctx: Any, by_loss: Tensor) -> tuple[Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * by_loss[:, None].to(gradient.dtype), None


class _HeadCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor) -> Tensor:
        flows, *trains = ctx.needs_input_grad[:3]
        ctx.trains = any(trains)
        wanted: Literal["none", "hidden"] = "hidden" if flows and not ctx.trains else "none"
        found = summed_cross_entropy(hidden, weight, targets, bias=bias, gradients=wanted)
        if ctx.trains:
            ctx.save_for_backward(hidden, weight, bias, targets)
        elif found.by_hidden is not None:
            ctx.save_for_backward(found.by_hidden)
        return found.losses

    @staticmethod
    def backward(ctx: Any, by_loss: Tensor) -> tuple[Tensor | None, ...]:
        if not ctx.trains:
            (by_hidden,) = ctx.saved_tensors
            return by_hidden * by_loss[:, None].to(by_hidden.dtype), None, None, None
        hidden, weight, bias, targets = ctx.saved_tensors
        found = summed_cross_entropy(hidden, weight, targets, bias=bias, scale=by_loss)
        by_weight = None if found.by_weight is None else found.by_weight.to(weight.dtype)
        by_bias = None if found.by_bias is None else found.by_bias.to(bias.dtype)
        return found.by_hidden, by_weight, by_bias, None
