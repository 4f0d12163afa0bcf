"""A cache of keys and values that makes room for many tokens at a time.

The cache of transformers copies all keys and values for every token that is generated: with long prompts that
takes longer on a CPU than computing the token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

_AHEAD = 64
"""Tokens that there is room for beside those that are there."""


class GrowingLayer(DynamicLayer):  # type: ignore[misc]  # transformers is not typed
    """Keys and values of one layer, which are views of larger tensors."""

    keys: Tensor
    values: Tensor

    def __init__(self) -> None:
        super().__init__()
        self._rooms: list[Tensor | None] = [None, None]

    def update(
        self,
        key_states: Tensor,
        value_states: Tensor,
        *args: Any,  # noqa: ARG002 - what other kinds of layers are told
        **kwargs: Any,  # noqa: ARG002
    ) -> tuple[Tensor, Tensor]:
        """Takes in the keys and values of further tokens, shape (rows, heads, tokens, size of a head).

        Returns:
            Those of all tokens.
        """
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        self.keys = self._with(0, self.keys, key_states)
        self.values = self._with(1, self.values, value_states)
        return self.keys, self.values

    def _with(self, which: int, kept: Tensor, more: Tensor) -> Tensor:
        length = kept.shape[-2] if kept.numel() else 0
        end = length + more.shape[-2]
        room = self._rooms[which]
        # Rows may have been selected or tokens cropped since: what is kept is then another tensor's.
        if room is None or room.shape[-2] < end or (length and room.data_ptr() != kept.data_ptr()):
            room = more.new_empty(*more.shape[:-2], end + _AHEAD, more.shape[-1])
            if length:
                room[..., :length, :] = kept
            self._rooms[which] = room
        room[..., length:end, :] = more
        return room[..., :end, :]


def growing_cache(model: PreTrainedModel) -> DynamicCache | None:
    """Returns the cache that `generate` would make for a model, with layers that grow by many tokens.

    Layers that forget, as with a sliding window, are as they were.

    Returns:
        None where layers keep something else than keys and values.
    """
    cache = DynamicCache(config=model.config.get_text_config(decoder=True))
    if not cache.layers or not all(isinstance(layer, DynamicLayer) for layer in cache.layers):
        return None
    cache.layers = [GrowingLayer() if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache
