"""The last layer, computed only where something is predicted.

Behind the last layer nothing looks at other tokens any more, so its queries, its feed-forward part, the norm
and the head behind it are needed for the tokens that predict a supervised one; keys and values are needed
for all. The layer is run twice: over all tokens as far as its keys and values, and over the asked tokens with
these. It stays the layer that it is, whatever its family and whatever adapters are in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from luthier.training.engine.attention import KeysKept, State

if TYPE_CHECKING:
    from torch import Tensor, nn


@contextmanager
def asked_only(layer: nn.Module, state: State) -> Iterator[None]:
    """Lets a decoder layer compute the asked tokens of the packed row only; the others become zero."""
    whole = layer.forward
    tokens, asked = state.layout.ids.shape[1], state.layout.asked

    def forward(hidden: Tensor, *args: Any, **kwargs: Any) -> Any:
        state.kept, state.keeps = None, True
        try:
            whole(hidden, *args, **kwargs)
        except KeysKept:
            pass
        finally:
            state.keeps = False
        some = (_taken(value, asked, tokens) for value in args)
        named = {name: _taken(value, asked, tokens) for name, value in kwargs.items()}
        try:
            found = whole(hidden.index_select(1, asked), *some, **named)
        finally:
            state.kept = None
        return _put_back(found, hidden, asked)

    checkpoints = getattr(layer, "gradient_checkpointing", False)
    layer.forward = forward
    if checkpoints:
        # It would run its two halves again one by one, the second without what the first kept. What the
        # layer would save is little: activations of the asked tokens.
        layer.gradient_checkpointing = False  # type: ignore[assignment]
    try:
        yield
    finally:
        del layer.forward
        if checkpoints:
            layer.gradient_checkpointing = True  # type: ignore[assignment]


def _put_back(found: Any, hidden: Tensor, asked: Tensor) -> Any:
    """What a layer returned for the asked tokens, at the places where the code around it expects them."""
    if isinstance(found, tuple):
        return (_put_back(found[0], hidden, asked), *found[1:])
    return torch.zeros_like(hidden, dtype=found.dtype).index_copy(1, asked, found)


def _taken(value: Any, asked: Tensor, tokens: int) -> Any:
    """Of what a layer is told of each token, such as its position, that of the asked ones."""
    if isinstance(value, tuple):
        return tuple(_taken(item, asked, tokens) for item in value)
    if not isinstance(value, torch.Tensor):
        return value
    if value.ndim == 1 and len(value) == tokens:
        return value.index_select(0, asked)
    if value.ndim > 1 and value.shape[1] == tokens:
        return value.index_select(1, asked)
    return value
