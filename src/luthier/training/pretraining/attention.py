"""Attention over rows of documents, written out for CPUs, under transformers' attention interface.

Scaled dot-product attention has no fast path for a mask on a CPU, least of all in bfloat16. Here a hundred
queries at a time are compared with the keys before them: the products are large enough for the matrix
library, the scores stay in cache, and what no query of a block sees is not computed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from luthier.training.unknown_attention import refuse_unknown

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedModel

NAME = "luthier_documents"
"""What a model's attention implementation is called while it reads rows of documents."""

_BLOCK = 128
"""Queries that are computed at once."""


@contextmanager
def written_out(model: "PreTrainedModel") -> Iterator[None]:
    """Lets a model on a CPU compute attention so, where it would use scaled dot-product attention."""
    from transformers import AttentionInterface

    config: Any = model.config.get_text_config()
    chosen = getattr(config, "_attn_implementation", None)
    if chosen != "sdpa" or model.device.type != "cpu":
        yield
        return
    AttentionInterface.register(NAME, document_attention)
    config._attn_implementation = NAME
    try:
        yield
    finally:
        config._attn_implementation = chosen


def document_attention(
    module: "nn.Module",
    query: "Tensor",
    key: "Tensor",
    value: "Tensor",
    attention_mask: "Tensor",
    *,
    scaling: float | None = None,
    dropout: float = 0.0,
    **others: Any,
) -> "tuple[Tensor, None]":
    """Attention as transformers calls it, under a causal mask that keeps documents apart.

    Args:
        module: The attention layer.
        query: Shape (rows, heads, length, width of a head).
        key: Shape (rows, key heads, length, width of a head).
        value: As `key`.
        attention_mask: True where a query may see a key, shape (rows, 1, length, length); no query sees later
            keys.
        scaling: Factor on scores; None is one by the root of the width.
        dropout: Share of weights that are dropped in training.
        **others: What else the family passes.

    Returns:
        Shape (rows, length, heads, width of a head); and None, as no weights are kept.

    Raises:
        UnknownAttentionError: Where the family wants of attention what is not computed here.
    """
    import torch

    refuse_unknown(module, others)
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = (x.repeat_interleave(groups, dim=1) for x in (key, value))
    query = query * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    found, length = [], query.shape[2]
    for first in range(0, length, _BLOCK):
        last = min(first + _BLOCK, length)
        scores = query[:, :, first:last] @ key[:, :, :last].mT
        scores = scores.masked_fill(~attention_mask[:, :, first:last, :last], -torch.inf)
        weights = torch.nn.functional.dropout(scores.softmax(dim=-1), dropout, module.training)
        found.append(weights @ value[:, :, :last])
    return torch.cat(found, dim=2).transpose(1, 2).contiguous(), None
