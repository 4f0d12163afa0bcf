"""Attention of runs to their ancestors and to themselves, with its products written out, for CPUs.

A CPU's kernel for scaled dot-product attention must be given the ancestors' keys once for every run, computes
what the mask then hides, and is no faster in bfloat16 than in float32. Here the products with the ancestors'
keys are one large matrix product for all runs, blocks of queries leave out the keys that come after them, and
the backward pass keeps the weights rather than computing them again: on one core of an AMD EPYC with
AVX512-BF16 1.9 to 2.7 times as fast as the kernel in bfloat16 and 1.0 to 1.1 times in float32
(`benchmarks/attention.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

_BLOCK = 128
"""Queries of a block: few enough to leave out much, enough for a product."""


def attend(
    query: Tensor, own: tuple[Tensor, Tensor], context: tuple[Tensor, Tensor], places: Tensor
) -> Tensor:
    """Attention of padded runs.

    Args:
        query: Scaled, shape (heads, runs, queries, width of a head).
        own: The runs' keys and values, shape (heads, runs, tokens, width of a head).
        context: Their ancestors', shape (heads, tokens, width of a head).
        places: Which token of its run each query is, ascending; shape (runs or 1, queries). It sees the
            tokens up to that one.

    Returns:
        Shape (heads, runs, queries, width of a head).
    """
    found: Tensor = _Attention.apply(query, *own, *context, places)  # type: ignore[no-untyped-call]
    return found


def _blocks(places: Tensor, width: int) -> Iterator[tuple[slice, slice]]:
    """Queries, and the keys that some of them see."""
    for first in range(0, places.shape[1], _BLOCK):
        some = slice(first, first + _BLOCK)
        yield some, slice(0, min(width, int(places[:, some].max()) + 1))


class _Attention(torch.autograd.Function):
    """Forward and backward pass, block by block."""

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, before: Tensor, behind: Tensor, places: Tensor
    ) -> Tensor:
        """`before` and `behind` are the ancestors' keys and values."""
        heads, runs, _, width = query.shape
        known = before.shape[1]
        found, kept = torch.empty_like(query), []
        for some, seen in _blocks(places, key.shape[2]):
            asks, last = query[:, :, some], seen.stop
            count = asks.shape[2]
            scores = query.new_empty(heads, runs, count, known + last)
            scores[..., :known] = (_flat(asks) @ before.mT).view(heads, runs, count, known)
            scores[..., known:] = asks @ key[:, :, seen].mT
            hidden = torch.arange(last, device=query.device) > places[:, some, None]
            scores[..., known:].masked_fill_(hidden, -torch.inf)
            weights = scores.softmax(dim=-1)
            found[:, :, some] = (_flat(weights[..., :known]) @ behind).view(heads, runs, count, width)
            found[:, :, some] += weights[..., known:] @ value[:, :, seen]
            kept.append(weights)
        ctx.save_for_backward(query, key, value, before, behind, places, found, *kept)
        return found

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of everything but `places`."""
        query, key, value, before, behind, places, found, *kept = ctx.saved_tensors
        heads, runs, _, width = query.shape
        known = before.shape[1]
        by_query = torch.empty_like(query)
        by_key, by_value, by_before, by_behind = (torch.zeros_like(x) for x in (key, value, before, behind))
        shares = (gradient.float() * found.float()).sum(dim=-1, keepdim=True).to(gradient.dtype)
        for (some, seen), weights in zip(_blocks(places, key.shape[2]), kept, strict=True):
            asks, wanted = query[:, :, some], gradient[:, :, some]
            count = asks.shape[2]
            by_behind += _flat(weights[..., :known]).mT @ _flat(wanted)
            by_value[:, :, seen] += weights[..., known:].mT @ wanted
            by_scores = torch.empty_like(weights)
            by_scores[..., :known] = (_flat(wanted) @ behind.mT).view(heads, runs, count, known)
            by_scores[..., known:] = wanted @ value[:, :, seen].mT
            by_scores.sub_(shares[:, :, some]).mul_(weights)
            of_context = _flat(by_scores[..., :known])
            by_query[:, :, some] = (of_context @ before).view(heads, runs, count, width)
            by_query[:, :, some] += by_scores[..., known:] @ key[:, :, seen]
            by_before += of_context.mT @ _flat(asks)
            by_key[:, :, seen] += by_scores[..., known:].mT @ asks
        return by_query, by_key, by_value, by_before, by_behind, None


def _flat(x: Tensor) -> Tensor:
    """Shape (heads, runs, queries, n) to (heads, runs * queries, n)."""
    return x.reshape(x.shape[0], x.shape[1] * x.shape[2], x.shape[3])
