"""Frozen matrices held in bfloat16 while a model trains, where that changes no number.

Under bfloat16 computation every product reads a float32 matrix as bfloat16 anyway. Most published models are
bfloat16, so their matrices, loaded as float32, turn into bfloat16 and back without loss: half the memory, the
same results bit for bit. Those of other models stay as they are. Embeddings do too: no product reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


class FrozenWeights:
    """The frozen float32 matrices of a model that bfloat16 can hold.

    Args:
        model: What `Method.apply` returned.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._held: list[nn.Parameter] = []

    @property
    def held(self) -> int:
        """How many matrices are in bfloat16 now."""
        return len(self._held)

    def hold(self) -> None:
        """Turns them into bfloat16; the model computes under bfloat16 autocast alone from then on."""
        self._held = _lossless(self._model)
        self._narrow()

    def restore(self) -> None:
        """Makes them float32 again, as they were."""
        self._widen()
        self._held = []

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Makes them float32 for the while, for what computes without autocast."""
        self._widen()
        try:
            yield
        finally:
            self._narrow()

    def _narrow(self) -> None:
        for weight in self._held:
            weight.data = weight.data.bfloat16()

    def _widen(self) -> None:
        for weight in self._held:
            weight.data = weight.data.float()


def _lossless(model: nn.Module) -> list[nn.Parameter]:
    import torch
    from torch import nn

    modules = list(model.modules())
    embedded = {id(module.weight) for module in modules if isinstance(module, nn.Embedding)}
    linear = {id(module.weight) for module in modules if isinstance(module, nn.Linear)}
    return [
        weight
        for weight in model.parameters()
        if id(weight) in linear - embedded
        and not weight.requires_grad
        and weight.dtype == torch.float32
        and torch.equal(weight.bfloat16().float(), weight)
    ]
