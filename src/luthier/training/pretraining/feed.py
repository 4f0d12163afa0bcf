"""Rows in the order of training, and their way to the device."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from luthier.training.head_loss import IGNORED
from luthier.training.pretraining.packing import Marks, next_token_targets

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray


def mix_sources(shares: Sequence[float]) -> Iterator[int]:
    """Yield source numbers for ever, each source as near its share as it can be after any number of rows."""
    total = sum(shares)
    drawn = [0] * len(shares)
    for row in range(1, 2**62):
        behind = [share / total * row - count for share, count in zip(shares, drawn, strict=True)]
        chosen = behind.index(max(behind))
        drawn[chosen] += 1
        yield chosen


class RowStream:
    """An endless, repeatable sequence of rows drawn from several sources by their shares.

    Each source is read in a new order every time it is exhausted. What row `n` holds depends on the seed and
    `n` alone, so a position is all that a checkpoint has to keep.
    """

    def __init__(self, sources: "Sequence[NDArray[Any]]", shares: Sequence[float], seed: int) -> None:
        self._sources = sources
        self._seed = seed
        self._mix = mix_sources(shares)
        self._drawn = [0] * len(sources)
        self._orders: list[tuple[int, NDArray[np.int64]] | None] = [None] * len(sources)

    def peek(self) -> "NDArray[np.int64]":
        """The first row of the first source, shape (row_length,)."""
        first: NDArray[np.int64] = self._sources[0][0].astype(np.int64)
        return first

    def skip(self, rows: int) -> None:
        """Move `rows` rows ahead without building them."""
        for _ in range(rows):
            self._drawn[next(self._mix)] += 1

    def take(self, rows: int) -> "NDArray[np.int64]":
        """The next rows, shape (rows, row_length)."""
        taken = []
        for _ in range(rows):
            source = next(self._mix)
            taken.append(self._row(source, self._drawn[source]))
            self._drawn[source] += 1
        return np.stack(taken).astype(np.int64)

    @property
    def epochs(self) -> list[float]:
        """How many times each source has been read."""
        return [count / len(rows) for count, rows in zip(self._drawn, self._sources, strict=True)]

    def _row(self, source: int, number: int) -> "NDArray[Any]":
        rows = self._sources[source]
        epoch, place = divmod(number, len(rows))
        order = self._orders[source]
        if order is None or order[0] != epoch:
            order = (epoch, np.random.default_rng((self._seed, source, epoch)).permutation(len(rows)))
            self._orders[source] = order
        row: NDArray[Any] = rows[order[1][place]]
        return row


@dataclass(frozen=True)
class Batch:
    """What one optimizer step reads, on the device that trains."""

    tokens: "torch.Tensor"
    """Ids, shape (rows, row_length)."""

    targets: "torch.Tensor"
    """What each position predicts, of the same shape; -100 is nothing."""

    counted: int
    """Positions that predict something."""

    epochs: list[float]
    """How many times each source has been read, this batch included."""


class Feed:
    """Batches on the device, the next one on its way while the device computes.

    A GPU works behind Python's back, so it is enough to build a batch before waiting for the result of the
    step before: its rows are drawn and copied (from pinned memory, on CUDA) meanwhile, without a thread.
    """

    def __init__(self, rows: RowStream, size: int, marks: Marks, device: "torch.device") -> None:
        """Take `size` rows a batch from `rows`."""
        self._rows, self._size, self._marks, self._device = rows, size, marks, device
        self._staged: Batch | None = None

    def take(self) -> Batch:
        """The next batch."""
        self.stage()
        assert self._staged is not None
        batch, self._staged = self._staged, None
        return batch

    def stage(self) -> None:
        """Build the next batch and send it off, unless it is under way."""
        import torch

        if self._staged is not None:
            return
        tokens = torch.from_numpy(self._rows.take(self._size))
        targets = next_token_targets(tokens, self._marks)
        counted = int((targets != IGNORED).sum())
        self._staged = Batch(self._send(tokens), self._send(targets), counted, self._rows.epochs)

    def _send(self, tensor: "torch.Tensor") -> "torch.Tensor":
        pinned = tensor.pin_memory() if self._device.type == "cuda" else tensor
        return pinned.to(self._device, non_blocking=True)
