"""The losses of a model without holding all the logits that they come from.

A thousand supervised tokens over 150,000 words are 600 MB of float32 logits, and the backward pass holds
them three times. Where the output layer is frozen, and above a limit where it trains, it is not run at all:
what would enter it goes through `head_cross_entropies`. The model's forward pass stays as it is, inside
whatever wraps it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from luthier.training.hardware import as_multiplied, random_state, restore_random_state

if TYPE_CHECKING:
    from torch import Tensor, nn

_LIMIT = 2**26
"""Logits held at once where the output layer trains, rather than computed twice: 256 MiB in float32."""

_changed: WeakSet[nn.Module] = WeakSet()
"""Output layers whose models change what comes out of them."""

_unchanged: WeakSet[nn.Module] = WeakSet()
"""Output layers whose models do not: seen once, since looking makes a GPU wait."""


def output_head(model: nn.Module) -> nn.Module | None:
    """Returns the output layer of a model, or of the model in an adapter or a distributed wrapper."""
    inner = getattr(model, "module", model)
    find = getattr(inner, "get_output_embeddings", None)
    return find() if find is not None else None


def losses_in_chunks(
    model: nn.Module, ids: Tensor, flat: Tensor, targets: Tensor, **inputs: Any
) -> Tensor | None:
    """Returns the cross-entropies (nats) at some positions of a batch, shape (positions,).

    Args:
        model: A causal language model, an adapter around it, or a distributed wrapper around that.
        ids: What it reads, shape (rows, tokens).
        flat: Positions, numbered through the batch row by row; one may come twice.
        targets: What is right there, shape (positions,).
        **inputs: What the model is called with.

    Returns:
        None where whole logits are called for: the output layer trains and there are few of them, it is no
        plain linear one (an adapter is on it, or its weights are spread over processes), or the model changes
        logits afterwards (Gemma 2 caps them, Cohere and Granite scale them).
    """
    head: Any = output_head(model)
    if head is None or head in _changed or not _is_plain(head):
        return None
    if _trains(head) and len(flat) * len(head.weight) <= _LIMIT:
        return None
    random = None if head in _unchanged else random_state(ids.device)
    with _replaced(head, ids, flat, targets) as found:
        logits = model(**inputs).logits
    if found and (random is None or _came_through(logits)):
        _unchanged.add(head)
        return found[0]
    # Said once and for all: the next batch is read with whole logits at once, as this one now is.
    _changed.add(head)
    if random is not None:
        restore_random_state(random, ids.device)
    return None


def _is_plain(head: Any) -> bool:
    import torch

    # What FSDP and DeepSpeed leave of a matrix is another type, or has no entries.
    if type(head) is not torch.nn.Linear or "forward" in vars(head):
        return False
    return type(head.weight.data) is torch.Tensor and head.weight.ndim == 2


def _trains(head: Any) -> bool:
    return any(weight.requires_grad for weight in head.parameters())


@contextmanager
def _replaced(head: Any, ids: Tensor, flat: Tensor, targets: Tensor) -> Iterator[list[Tensor]]:
    """Lets an output layer compute losses; the model gets the logits of one position, which are a ramp."""
    import torch

    from luthier.training.engine.cross_entropy import head_cross_entropies

    found: list[Tensor] = []

    def forward(hidden: Tensor) -> Tensor:
        if hidden.shape[:2] != ids.shape:
            return torch.nn.functional.linear(hidden, head.weight, head.bias)
        asked = as_multiplied(hidden.flatten(0, 1).index_select(0, flat))
        losses = head_cross_entropies(asked, head.weight, head.bias, targets)
        found.append(losses)
        ramp = _ramp(len(head.weight), losses)
        # The losses leave by another way than the model's output, from which DistributedDataParallel finds
        # what takes part in a step.
        return torch.where(torch.zeros_like(ramp, dtype=torch.bool), losses.sum(), ramp)[None, None]

    head.forward = forward
    try:
        yield found
    finally:
        del head.forward


def _ramp(words: int, like: Tensor) -> Tensor:
    """Logits as large as any, which no cap and no factor leaves as they are."""
    import torch

    return torch.linspace(-100, 100, words, device=like.device)


def _came_through(logits: Tensor) -> bool:
    return bool((logits.flatten() == _ramp(logits.numel(), logits)).all())
