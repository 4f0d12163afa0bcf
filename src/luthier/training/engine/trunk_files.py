"""Files of the trunk: parts that are whole or not there, in a folder whose name says what computed them.

A part is a file of states, as long as there are tokens, and an index beside it. The index is written last,
so a part that a killed process left unfinished has none and is written again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from luthier.training.engine.layout import Layout

_FORMAT = 1
"""Counts up when what is kept, or how it is computed, changes."""

_INDEX = ".safetensors"
_DTYPES = {str(dtype): dtype for dtype in (torch.float32, torch.bfloat16, torch.float16, torch.float64)}


def trunk_name(
    base: nn.Module,
    layers: nn.ModuleList,
    depth: int,
    *,
    autocast: torch.dtype | None,
    kept: torch.dtype | None,
) -> str:
    """Returns a name that stands for everything that the states entering layer `depth` follow from.

    It is made of the weights below that layer and their types, the model's config, the type of the products
    and the versions of the code.

    Args:
        base: The model inside an adapter.
        layers: Its layers.
        depth: The first that trains.
        autocast: What products are computed in; None is the weights' own type.
        kept: What the states are kept in; None is what they are computed in.
    """
    above = {id(weight) for layer in layers[depth:] for weight in layer.parameters()}
    digest = hashlib.blake2b(digest_size=8)
    config: Any = base.config
    said = [_FORMAT, depth, autocast, kept, config.to_json_string(use_diff=False)]
    said += [version(package) for package in ("luthier", "torch", "transformers")]
    digest.update(repr(said).encode())
    for name, weight in (*base.named_parameters(), *base.named_buffers()):
        if id(weight) not in above and not weight.requires_grad:
            digest.update(f"{name} {weight.dtype} {tuple(weight.shape)}".encode())
            digest.update(weight.detach().contiguous().cpu().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


class Part:
    """States of some rows, memory-mapped.

    Args:
        index: The part's index file.

    Attributes:
        states: Shape (tokens, width).
        dtype: What they were computed in and are read as.
        exact_bytes: Bytes of the least exact number that they have been.
    """

    def __init__(self, index: Path) -> None:
        from safetensors import safe_open

        with safe_open(index, "np") as file:
            said = file.metadata()
            self._keys, self._ends, self._places = (
                file.get_tensor(name) for name in ("keys", "ends", "places")
            )
        self.dtype = _DTYPES[said["dtype"]]
        kept = _DTYPES[said["kept"]]
        self.exact_bytes = min(int(said["computed_bytes"]), kept.itemsize)
        tokens, width = int(said["tokens"]), int(said["width"])
        path = str(index.with_suffix(".bin"))
        mapped = torch.from_file(path, shared=False, size=tokens * width, dtype=kept)
        self.states = mapped.view(tokens, width)

    def rows(self) -> Iterator[tuple[bytes, NDArray[np.int64]]]:
        """Yields each row's key and where its tokens are."""
        first = 0
        for key, end in zip(self._keys, self._ends.tolist(), strict=True):
            yield key.tobytes(), self._places[first:end]
            first = end

    def at(self, places: NDArray[np.int64]) -> Tensor:
        """Returns the states of some tokens, shape (tokens, width)."""
        return self.states[torch.from_numpy(places)].to(self.dtype)


def parts(folder: Path) -> Iterator[Part]:
    """Yields the whole parts in a folder, in the order in which they were written."""
    for number in range(len(list(folder.glob(f"*{_INDEX}")))):
        yield Part(folder / f"{number}{_INDEX}")


class PartWriter:
    """Writes one part; without `finish` it leaves nothing behind.

    Args:
        folder: Made where it is missing.
        number: Of the part.

    Attributes:
        tokens: Written so far.
    """

    def __init__(self, folder: Path, number: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._index = folder / f"{number}{_INDEX}"
        self._file = self._index.with_suffix(".bin").open("wb")
        self._keys: list[bytes] = []
        self._places: list[NDArray[np.int64]] = []
        self._said: dict[str, str] = {}
        self.tokens = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if not self._index.exists():
            self._index.with_suffix(".bin").unlink(missing_ok=True)
            if not any(self._index.parent.iterdir()):
                self._index.parent.rmdir()

    def add(self, layout: Layout, states: Tensor, dtype: torch.dtype | None) -> None:
        """Writes the states of a packed row, shape (tokens, width), in `dtype` or their own type."""
        kept = states.to(dtype or states.dtype)
        self._said = {
            "dtype": str(states.dtype),
            "kept": str(kept.dtype),
            "width": str(states.shape[1]),
            "computed_bytes": str(2 if torch.is_autocast_enabled(states.device.type) else 4),
        }
        self._file.write(kept.contiguous().cpu().view(torch.uint8).numpy().data)
        self._keys += layout.keys
        self._places += [self.tokens + places for places in layout.places]
        self.tokens += len(states)

    def finish(self) -> Part:
        """Writes the index and returns the part."""
        from safetensors.numpy import save_file

        self._file.close()
        tensors = {
            "keys": np.frombuffer(b"".join(self._keys), dtype=np.uint8).reshape(len(self._keys), -1),
            "ends": np.cumsum([len(places) for places in self._places]),
            "places": np.concatenate(self._places),
        }
        unfinished = self._index.with_suffix(".tmp")
        save_file(tensors, unfinished, {**self._said, "tokens": str(self.tokens)})
        unfinished.replace(self._index)
        return Part(self._index)
