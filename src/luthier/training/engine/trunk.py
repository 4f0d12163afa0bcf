"""The trunk: what the layers below the first one that trains compute, once for every row and kept on disk.

Nothing below the first trainable layer changes while a model trains, so the states that enter that layer are
the same in every epoch. They are computed on packed rows (a shared beginning once a batch) before the first
step, written to a file, and read from there, memory-mapped, at every step.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from luthier.training.engine.layout import Layout


_LEFT_FREE = 4 * 2**30
"""Bytes that stay free on the disk."""

_LOOK_EVERY = 16


class NoTrunkError(Exception):
    """The states entering a layer cannot be kept; the message says why."""


class _ReachedError(Exception):
    """The states have come to the layer; nothing behind it is wanted."""

    def __init__(self, states: Tensor) -> None:
        super().__init__("reached")
        self.states = states


def trunk_depth(layers: nn.ModuleList) -> int:
    """Returns how many of a model's layers, from the bottom, have nothing that trains."""
    trains = (any(weight.requires_grad for weight in layer.parameters()) for layer in layers)
    return next((number for number, moves in enumerate(trains) if moves), 0)


class Trunk:
    """States entering one layer, for every token of some rows.

    Args:
        path: The file; removed when the trunk is closed.
        depth: Number of the layer, from 0.

    Attributes:
        computed_bytes: Of a number in the products that the states come from.
    """

    def __init__(self, path: Path, depth: int) -> None:
        self.depth = depth
        self.computed_bytes = 4
        self._path = path
        self._places: dict[bytes, NDArray[np.int64]] = {}
        self._kept: torch.Tensor = torch.empty(0)

    def fill(self, layouts: Iterator[Layout], read: Callable[[Layout], Any], layer: nn.Module) -> None:
        """Computes and writes the states of every row.

        Args:
            layouts: The rows, on the model's device; a row that was there before is left out.
            read: Reads a packed row as training does; it does not have to come to its end.
            layer: The layer that the states enter.

        Raises:
            NoTrunkError: Where gradients flow into the states, the disk has no room, or there are none.
        """
        stood, dtype, width = 0, torch.float32, 0
        if any(torch.is_autocast_enabled(device) for device in ("cpu", "cuda", "mps")):
            self.computed_bytes = 2
        with self._path.open("wb") as file:
            for number, layout in enumerate(layouts):
                with torch.set_grad_enabled(number == 0):
                    states = _states_at(layer, read, layout)
                if states.requires_grad:
                    raise NoTrunkError(
                        "something below the layers that train, such as embeddings, trains too"
                    )
                self._check_room(number)
                dtype, width = states.dtype, states.shape[-1]
                file.write(states[0].contiguous().cpu().view(torch.uint8).numpy().data)
                for key, places in zip(layout.keys, layout.places, strict=True):
                    self._places.setdefault(key, stood + places)
                stood += states.shape[1]
        if not stood:
            raise NoTrunkError("no batch can be read as a packed row")
        self._kept = torch.from_file(str(self._path), shared=False, size=stood * width, dtype=dtype).view(
            stood, width
        )

    def _check_room(self, number: int) -> None:
        if number % _LOOK_EVERY == 0:
            free = shutil.disk_usage(self._path.parent).free
            if free < _LEFT_FREE:
                raise NoTrunkError(f"{free / 2**30:.1f} GiB are left on the disk of {self._path.parent}")

    def states(self, layout: Layout) -> Tensor:
        """Returns the states of a packed row, shape (1, tokens, width), on its device."""
        tokens = layout.ids.shape[1]
        place = np.zeros(tokens, dtype=np.int64)
        for key, places in zip(layout.keys, layout.places, strict=True):
            place[places] = self._places[key]
        return self._kept[torch.from_numpy(place)][None].to(layout.ids.device)

    def holds(self, layout: Layout) -> bool:
        """Whether all rows of a batch are known."""
        return all(key in self._places for key in layout.keys)

    def close(self) -> None:
        """Forgets everything and removes the file."""
        self._kept, self._places = torch.empty(0), {}
        self._path.unlink(missing_ok=True)


@contextmanager
def from_trunk(layers: nn.ModuleList, depth: int, states: Tensor) -> Iterator[None]:
    """Lets the layers below `depth` do nothing, and the one there begin with `states`."""
    with ExitStack() as stack:
        for layer in layers[:depth]:
            layer.forward = _pass_on
            stack.callback(delattr, layer, "forward")
        hook = layers[depth].register_forward_pre_hook(lambda _, args: (states, *args[1:]))
        stack.callback(hook.remove)
        yield


def _pass_on(hidden: Tensor, *_: Any, **__: Any) -> Tensor:
    return hidden


def _states_at(layer: nn.Module, read: Callable[[Layout], Any], layout: Layout) -> Tensor:
    def stop(_: nn.Module, args: tuple[Any, ...]) -> None:
        if not args:
            raise NoTrunkError(f"{type(layer).__name__} takes its states in a way not known here")
        raise _ReachedError(args[0])

    with layer.register_forward_pre_hook(stop):
        try:
            read(layout)
        except _ReachedError as reached:
            return reached.states
    raise NoTrunkError("the first layer that trains was never reached")
