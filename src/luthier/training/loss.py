"""The loss, with logits on supervised positions only.

With V words, N supervised tokens and T tokens in a batch, the head costs N * V instead of T * V in time and
memory; in fine-tuning N is often a twentieth of T. The head's input is replaced, not the model's forward
pass: whatever a family does to its logits afterwards (Gemma 2 caps them, Cohere and Granite scale them)
still happens, and adapters, prefixes and distributed wrappers see an ordinary call.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from luthier.models import UNSUPERVISED
from luthier.training.head import losses_in_chunks, output_head

if TYPE_CHECKING:
    from torch import Tensor, nn

_log = logging.getLogger(__name__)
_said: set[str] = set()


def supervised_weight(labels: Tensor, weight: Tensor) -> Tensor:
    """Returns what the loss is divided by: the sum of the row's weight over every supervised token.

    Args:
        labels: Shape (rows, tokens), not shifted; the first token of a row never counts.
        weight: Shape (rows,).
    """
    return ((labels[:, 1:] != UNSUPERVISED).sum(dim=1) * weight).sum()


def supervised_loss(model: nn.Module, batch: Mapping[str, Tensor]) -> Tensor:
    """Returns the sum of `supervised_losses`, each times the weight of its row."""
    counts = (batch["labels"][:, 1:] != UNSUPERVISED).sum(dim=1)
    return (supervised_losses(model, batch) * batch["weight"].repeat_interleave(counts)).sum()


def supervised_losses(model: nn.Module, batch: Mapping[str, Tensor]) -> Tensor:
    """Returns the cross-entropies (nats) of the supervised tokens, row by row, shape (tokens,).

    Args:
        model: A causal language model, an adapter around it, or a distributed wrapper around that.
        batch: What `Collator` yields.
    """
    import torch
    from torch.nn.functional import cross_entropy

    labels = batch["labels"][:, 1:]
    rows, columns = torch.nonzero(labels != UNSUPERVISED, as_tuple=True)
    ids = batch["input_ids"]
    flat, targets = rows * ids.shape[1] + columns, labels[rows, columns]
    inputs = {"input_ids": ids, "attention_mask": batch["attention_mask"], "use_cache": False}
    found = losses_in_chunks(model, ids, flat, targets, **inputs)
    if found is not None:
        return found
    return cross_entropy(logits_at(model, ids, flat, **inputs).float(), targets, reduction="none")


def logits_at(model: nn.Module, ids: Tensor, flat: Tensor, **inputs: Any) -> Tensor:
    """Returns logits, shape (positions, words), at some positions of a batch.

    Args:
        model: A causal language model, an adapter around it, or a distributed wrapper around that.
        ids: What it reads, shape (rows, tokens).
        flat: Positions, numbered through the batch row by row.
        **inputs: What the model is called with.
    """
    gathered = False

    def gather(_: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
        nonlocal gathered
        if not args or args[0].shape[:2] != ids.shape:
            return None
        gathered = True
        return (args[0].flatten(0, 1).index_select(0, flat).unsqueeze(0), *args[1:])

    head = output_head(model)
    hook = head.register_forward_pre_hook(gather) if head is not None else None
    try:
        output = model(**inputs)
    finally:
        if hook is not None:
            hook.remove()
    if gathered:
        only: Tensor = output.logits[0]
        return only
    _say_once(type(model).__name__)
    everywhere: Tensor = output.logits.flatten(0, 1).index_select(0, flat)
    return everywhere


def _say_once(name: str) -> None:
    if name not in _said:
        _said.add(name)
        _log.warning("%s has no separate output head: its logits are computed at every position", name)
