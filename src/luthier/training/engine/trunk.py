"""The trunk: what the layers below the first one that trains compute, once for every row and kept on disk.

Nothing below the first trainable layer changes while a model trains, so the states that enter that layer are
the same in every epoch, and in every fold, seed and trial that trains the same layers. They are computed on
packed rows (a shared beginning once a batch) before the first step, and read from disk, memory-mapped, at
every step.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from luthier.training.engine.trunk_files import Part, PartWriter, parts

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
        folder: Takes the files. What another training left there is used; it must be of the same layers.
        depth: Number of the layer, from 0.
        dtype: What the states are kept in; None is what they are computed in.
    """

    def __init__(self, folder: Path, depth: int, dtype: torch.dtype | None = None) -> None:
        self.depth = depth
        self._folder = folder
        self._dtype = dtype
        self._parts: list[Part] = []
        self._places: dict[bytes, tuple[int, NDArray[np.int64]]] = {}
        for part in parts(folder):
            self._take(part)

    @property
    def exact_bytes(self) -> int:
        """Bytes of the least exact number that the states have been: in products, or on disk."""
        return min((part.exact_bytes for part in self._parts), default=4)

    @property
    def bytes(self) -> int:
        """Bytes on disk."""
        return sum(part.states.numel() * part.states.element_size() for part in self._parts)

    def fill(
        self, layouts: Iterable[Layout], read: Callable[[Layout], Any], layer: nn.Module, tokens: int
    ) -> None:
        """Computes and writes the states of every row that is not there yet.

        Args:
            layouts: The rows, on the model's device.
            read: Reads a packed row as training does; it does not have to come to its end.
            layer: The layer that the states enter.
            tokens: Of all the rows; says how much room they will take.

        Raises:
            NoTrunkError: Where gradients flow into the states, the disk has no room, or there are none.
        """
        with PartWriter(self._folder, len(self._parts)) as writer:
            for number, layout in enumerate(layouts):
                if self.holds(layout):
                    continue
                with torch.set_grad_enabled(number == 0):
                    states = _states_at(layer, read, layout)
                if states.requires_grad:
                    raise NoTrunkError(
                        "something below the layers that train, such as embeddings, trains too"
                    )
                if not writer.tokens:
                    self._require_room(tokens, layout, states)
                elif number % _LOOK_EVERY == 0:
                    self._require_free(0)
                writer.add(layout, states[0], self._dtype)
            if writer.tokens:
                self._take(writer.finish())
        if not self._places:
            raise NoTrunkError("no batch can be read as a packed row")

    def _take(self, part: Part) -> None:
        for key, places in part.rows():
            self._places.setdefault(key, (len(self._parts), places))
        self._parts.append(part)

    def _require_room(self, tokens: int, layout: Layout, states: Tensor) -> None:
        """Judges all rows by how much those of one batch share."""
        size = (self._dtype or states.dtype).itemsize * states.shape[-1]
        self._require_free(round(tokens * layout.ids.shape[1] / layout.tokens * size))

    def _require_free(self, needed: int) -> None:
        free = shutil.disk_usage(self._folder).free
        if free < _LEFT_FREE + needed:
            wanted = f", {needed / 2**30:.1f} GiB are needed" if needed else ""
            raise NoTrunkError(f"{free / 2**30:.1f} GiB are left on the disk of {self._folder}{wanted}")

    def states(self, layout: Layout) -> Tensor:
        """Returns the states of a packed row, shape (1, tokens, width), on its device."""
        first = self._parts[0]
        found = torch.zeros(layout.ids.shape[1], first.states.shape[1], dtype=first.dtype)
        for key, places in zip(layout.keys, layout.places, strict=True):
            part, kept = self._places[key]
            found[torch.from_numpy(places)] = self._parts[part].at(kept)
        return found[None].to(layout.ids.device)

    def holds(self, layout: Layout) -> bool:
        """Whether all rows of a batch are known."""
        return all(key in self._places for key in layout.keys)

    def close(self) -> None:
        """Lets go of the files."""
        self._parts, self._places = [], {}

    def discard(self) -> None:
        """Removes the files."""
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)


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
