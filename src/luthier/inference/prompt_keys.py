"""Keys and values of prompts: what was read once to generate need not be read again to score labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import DynamicCache


@dataclass(frozen=True, slots=True)
class PromptKeys:
    """What attention keeps of a batch of prompts, padded in front.

    Attributes:
        layers: Keys and values of each layer, shape (rows, heads, tokens, size of a head); the prompts come
            first, whatever stands behind them.
        width: Tokens of the longest prompt.
        shared: How many first tokens of all prompts stand in front of the padding.
    """

    layers: tuple[tuple[Tensor, Tensor], ...]
    width: int
    shared: int = 0

    def cache(self, rows: Sequence[int]) -> DynamicCache:
        """Returns a cache of some prompts without their last token, to be read again for its logits."""
        from transformers import DynamicCache

        cache = DynamicCache()
        for number, (keys, values) in enumerate(self.layers):
            cache.update(
                keys[list(rows), :, : self.width - 1], values[list(rows), :, : self.width - 1], number
            )
        return cache


def prompt_keys(cache: Any, width: int, shared: int = 0) -> PromptKeys | None:
    """Returns the keys of prompts from the cache that generation left behind.

    Args:
        cache: Of transformers.
        width: Tokens of the longest prompt.
        shared: How many first tokens of all prompts stand in front of the padding.

    Returns:
        None where the cache is of another kind, or no longer whole: a sliding window forgets.
    """
    from transformers.cache_utils import DynamicCache, DynamicLayer

    if type(cache) is not DynamicCache:
        return None
    for layer in cache.layers:
        if not isinstance(layer, DynamicLayer) or not layer.is_initialized:
            return None
        length = layer.keys.shape[-2]
        if getattr(layer, "cumulative_length", length) != length:
            return None
    return PromptKeys(tuple((layer.keys, layer.values) for layer in cache.layers), width, shared)
