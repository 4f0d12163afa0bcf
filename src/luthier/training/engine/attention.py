"""Attention over a packed row, branch by branch (see `layout`), under transformers' attention interface.

The runs of a branch become a padded block; all of them see the keys of their ancestors, which were computed
once, and each sees itself up to its own place. On a GPU scaled dot-product attention gets the ancestors' keys
in front of each run's own; on a CPU the products are written out (see `written_out`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from luthier.training.engine.written_out import attend
from luthier.training.hardware import as_multiplied
from luthier.training.unknown_attention import UnknownAttentionError, refuse_unknown

if TYPE_CHECKING:
    from torch import nn

    from luthier.training.engine.layout import Branch, Layout, Padding

NAME = "luthier_packed"
"""What a model's attention implementation is called while it reads packed rows."""


class KeysKept(Exception):  # noqa: N818 - it ends a layer early, nothing is wrong
    """Attention was called to keep keys and values; the rest of the layer is not wanted."""


@dataclass(slots=True)
class State:
    """What attention is told beside its arguments.

    Attributes:
        layout: Of the packed row that is read.
        keeps: Keep the keys and values and leave the layer.
        kept: Keys and values of all tokens, for queries of the asked tokens alone.
    """

    layout: Layout
    keeps: bool = False
    kept: tuple[Tensor, Tensor] | None = None


_states: list[State] = []


@contextmanager
def current(state: State) -> Iterator[None]:
    """Makes `state` what attention looks at, in whichever thread it is called."""
    _states.append(state)
    try:
        yield
    finally:
        _states.pop()


def packed_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float | None = None,
    dropout: float = 0.0,
    **others: Any,
) -> tuple[Tensor, None]:
    """Attention as transformers calls it, over the current packed row.

    Args:
        module: The attention layer.
        query: Shape (1, heads, tokens or asked tokens, width of a head).
        key: Shape (1, key heads, trained prefix and tokens, width of a head).
        value: As `key`.
        attention_mask: None; what sees what is the layout's.
        scaling: Factor on the products; None is one over the root of the width.
        dropout: 0.
        **others: Nothing that changes what is computed.

    Returns:
        Shape (1, tokens, heads, width), and no weights.

    Raises:
        UnknownAttentionError: Where the model wants something else computed.
        KeysKept: Where only keys and values were wanted.
    """
    state = _states[-1]
    _check(module, attention_mask, dropout, others)
    if state.keeps:
        state.kept = key, value
        raise KeysKept
    asked = state.kept is not None
    if state.kept is not None:
        key, value = state.kept
    query, key, value = (as_multiplied(x) for x in (query, key, value))
    heads = query.shape[1]
    key, value = (_repeated(x[0], heads) for x in (key, value))
    query = query[0] * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    found = _by_branches(state.layout, query, key, value, asked=asked)
    return found.transpose(0, 1).unsqueeze(0), None


def _check(module: nn.Module, mask: Tensor | None, dropout: float, others: Mapping[str, Any]) -> None:
    if dropout:
        raise UnknownAttentionError("it drops attention at random")
    if mask is not None:
        raise UnknownAttentionError(f"{type(module).__name__} wants a mask of its own")
    refuse_unknown(module, others)


def _by_branches(layout: Layout, query: Tensor, key: Tensor, value: Tensor, *, asked: bool) -> Tensor:
    """Attention of one branch after another; tensors of shape (heads, tokens, width of a head).

    Args:
        layout: Of the packed row.
        query: Scaled; of every token, or of the asked ones alone.
        key: Of a trained prefix and every token.
        value: As `key`.
        asked: Whether only the asked tokens are queries.

    Returns:
        Of the shape of `query`; zero for what fills the packed row up.
    """
    virtual = key.shape[1] - layout.ids.shape[1]
    parts, stood = [], 0
    for branch in layout.branches:
        count = len(branch.asked) if asked else branch.stop - branch.first
        if not count:
            continue
        queries, stood = query[:, stood : stood + count], stood + count
        own = tuple(x[:, virtual + branch.first : virtual + branch.stop] for x in (key, value))
        context = _context(branch, virtual, key), _context(branch, virtual, value)
        padding = branch.asked_padding if asked else branch.padding
        keys, values = (_spread(x, branch.padding) for x in own)
        places = branch.asked_places if asked else _places(keys)
        found = _attend(_spread(queries, padding), (keys, values), context, places)
        parts.append(_gathered(found, padding))
    left = query.shape[1] - stood
    if left:
        parts.append(query.new_zeros(query.shape[0], left, query.shape[2]))
    return torch.cat(parts, dim=1)


def _attend(
    query: Tensor, own: tuple[Tensor, Tensor], context: tuple[Tensor, Tensor], places: Tensor
) -> Tensor:
    """As `written_out.attend`, the faster way."""
    if query.device.type == "cpu":
        with torch.autocast("cpu", enabled=False):
            return attend(query, own, context, places)
    return _by_kernel(query, own, context, places)


def _by_kernel(
    query: Tensor, own: tuple[Tensor, Tensor], context: tuple[Tensor, Tensor], places: Tensor
) -> Tensor:
    runs, tokens = own[0].shape[1:3]
    seen = torch.arange(tokens, device=query.device) <= places[..., None]
    seen = torch.nn.functional.pad(seen, (context[0].shape[1], 0), value=True)
    key, value = (
        torch.cat([of_context[:, None].expand(-1, runs, -1, -1), of_own], dim=2).transpose(0, 1)
        for of_context, of_own in zip(context, own, strict=True)
    )
    asks = query.transpose(0, 1)
    return scaled_dot_product_attention(asks, key, value, attn_mask=seen[:, None], scale=1.0).transpose(0, 1)


def _places(keys: Tensor) -> Tensor:
    """The place of every token in its run, where all of them ask; shape (1, tokens)."""
    return torch.arange(keys.shape[-2], device=keys.device)[None]


def _context(branch: Branch, virtual: int, keys: Tensor) -> Tensor:
    """A trained prefix and the ancestors' keys (or values), shape (heads, tokens, width)."""
    spans = [slice(virtual + first, virtual + stop) for first, stop in branch.context]
    parts = [keys[:, span] for span in ([slice(0, virtual)] if virtual else []) + spans]
    if not parts:
        return keys[:, :0]
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)


def _repeated(x: Tensor, heads: int) -> Tensor:
    """Key heads for every query head (grouped-query attention)."""
    return x if len(x) == heads else x.repeat_interleave(heads // len(x), dim=0)


def _spread(x: Tensor, padding: Padding | None) -> Tensor:
    """Shape (heads, tokens, width of a head) to (heads, runs, padded width, width of a head)."""
    if padding is None:
        return x[:, None]
    block = x.new_zeros(len(x), padding.runs * padding.width, x.shape[-1])
    return block.index_copy(1, padding.gather, x).view(len(x), padding.runs, padding.width, x.shape[-1])


def _gathered(block: Tensor, padding: Padding | None) -> Tensor:
    """The other way."""
    if padding is None:
        return block[:, 0]
    flat = block.reshape(len(block), padding.runs * padding.width, block.shape[-1])
    found: Tensor = _Gathered.apply(flat, padding.gather)  # type: ignore[no-untyped-call]
    return found


class _Gathered(torch.autograd.Function):
    """Entries of the second axis, each of them once.

    As `index_select`, whose backward pass adds entry by entry, as if one could be taken twice.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, places: Tensor) -> Tensor:
        """Returns `x[:, places]`."""
        ctx.save_for_backward(places)
        ctx.size = x.shape[1]
        return x.index_select(1, places)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        """Returns the gradient's entries where they came from, and zero elsewhere."""
        (places,) = ctx.saved_tensors
        whole = gradient.new_zeros(len(gradient), ctx.size, gradient.shape[-1])
        return whole.index_copy_(1, places, gradient), None
