"""A step in pieces: its rows are read in several forward passes, in more of them where memory runs out.

The loss is divided by what the whole step counts, so the sum of the pieces' gradients is the step's, however
it is cut.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from luthier.errors import UserError
from luthier.heap import give_back_memory
from luthier.training.engine.grouping import distinct_tokens
from luthier.training.hardware import random_state, restore_random_state
from luthier.training.memory import is_out_of_memory

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from luthier.training.batches import Collator

Row = Mapping[str, Any]

_log = logging.getLogger(__name__)

_FULL_SPEED = {"cpu": 512}
_FULL_SPEED_ELSEWHERE = 8192
"""Tokens from which a pass is as fast as a larger one: what is more only takes memory. The second is an
estimate."""

_LITTLE = 0.02
"""Share of a pass's tokens that may be read once more to halve what it keeps for the backward pass."""

_SMALLER = (
    "lower training.max_length, set training.gradient_checkpointing: true, choose method: {type: lora}, or "
    "take a smaller model"
)


class Pieces:
    """Reads steps in pieces.

    A step whose rows share next to nothing is read in as many passes as keep the machine busy, since one
    large pass would take more memory and no less time. What rows share is never cut for that.

    Where memory runs out in the middle of a step, its gradients so far are dropped, the number of pieces is
    doubled for good, and the step is read again from its beginning with the random numbers that it began
    with: the result is that of a training that was cut so from then on.

    Args:
        count: Pieces of a step.
        collate: Makes tensors of rows.
        device: Where the model is.
        largest: Returns the largest of the numbers that all processes call it with; None where one process
            trains. All read equally many pieces, as sharded weights are gathered in each of them.

    Attributes:
        count: Pieces of a step from now on.
        collate: Makes tensors of rows.
    """

    def __init__(
        self,
        count: int,
        collate: Collator,
        device: torch.device,
        largest: Callable[[int], int] | None = None,
    ) -> None:
        self.count = count
        self.collate = collate
        self._device = device
        self._largest = largest

    def read(
        self,
        rows: Sequence[Row],
        one: Callable[[dict[str, Any], bool], Tensor],
        forget: Callable[[], None],
    ) -> Tensor:
        """Reads a step.

        Args:
            rows: Its rows.
            one: Goes forward and backward through one piece, what `Collator` yields on the device, and
                returns its share of the loss; the second argument tells whether it is the last.
            forget: Drops the gradients of the step.

        Returns:
            The sum of the shares.

        Raises:
            UserError: Where a row does not fit alone, or several processes would have to begin anew at once.
        """
        import torch

        state = random_state(self._device)
        while True:
            try:
                return self._read(rows, one)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                said = str(error).partition("\n")[0]
            # Not sooner: until here the error holds what the failed pass computed.
            forget()
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
            give_back_memory()
            self._cut_smaller(rows, said)
            restore_random_state(state, self._device)

    def _read(self, rows: Sequence[Row], one: Callable[[dict[str, Any], bool], Tensor]) -> Tensor:
        import torch

        total, pieces = torch.zeros((), device=self._device), self.cut(rows)
        for number, piece in enumerate(pieces):
            batch = {name: value.to(self._device) for name, value in self.collate(piece).items()}
            total += one(batch, number == len(pieces) - 1).detach()
        return total

    def cut(self, rows: Sequence[Row]) -> list[list[Row]]:
        """Divides a step, as evenly as its rows can be."""
        count = self._passes(rows)
        cut = [[rows[at] for at in part] for part in np.array_split(np.arange(len(rows)), count)]
        if self._largest is not None:
            # Where others have more rows: one that counts for nothing.
            cut += [[{**rows[0], "weight": 0.0}]] * (self._largest(count) - count)
        return cut

    def _passes(self, rows: Sequence[Row]) -> int:
        count = min(self.count, len(rows))
        return count if self._largest is not None else max(count, self._busy(rows))

    def _busy(self, rows: Sequence[Row]) -> int:
        """Returns the most pieces that are as fast as one: large ones, with little in common."""
        enough = _FULL_SPEED.get(self._device.type, _FULL_SPEED_ELSEWHERE)
        ids = [row["input_ids"] for row in rows]
        least, count = distinct_tokens(ids), 1
        while 2 * count <= len(rows):
            parts = np.array_split(np.arange(len(rows)), 2 * count)
            tokens = [distinct_tokens([ids[at] for at in part]) for part in parts]
            if min(tokens) < enough or sum(tokens) > (1 + _LITTLE) * least:
                break
            count *= 2
        return count

    def _cut_smaller(self, rows: Sequence[Row], said: str) -> None:
        count = self._passes(rows)
        if count >= len(rows):
            longest = max(len(row["input_ids"]) for row in rows)
            raise UserError(
                f"a training row (the longest here: {longest} tokens) does not fit in memory alone: {said}",
                _SMALLER,
            )
        if self._largest is not None:
            raise UserError(
                f"out of memory, and several processes cannot begin a step anew one by one: {said}",
                "lower training.batch_size and raise training.gradient_accumulation as much: the result "
                "stays the same",
            )
        self.count = 2 * count
        _log.warning(
            "out of memory: steps are read in %d forward passes from now on, this one once more", self.count
        )
