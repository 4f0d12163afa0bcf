"""Which rows go together in a batch, and how they become tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import log2
from typing import TYPE_CHECKING, Any

import numpy as np

from luthier.models import UNSUPERVISED
from luthier.training.engine import lay_out, prefix_groups

if TYPE_CHECKING:
    from datasets import Dataset
    from numpy.typing import NDArray

_BLOCKS = 4
"""Blocks of one group in a batch, so that a step sees several wordings; four cost little more than one."""

_POOL = 50
"""Batches among which rows are sorted by length: enough for little padding, few enough to stay random."""

_TOKENS_A_BATCH = 16384
_WIDTH = 16


def auto_batch_size(lengths: Sequence[int]) -> int:
    """Returns the batch size that `auto` means: the power of two nearest to rows / 64, from 4 to 32.

    So an epoch has some 64 steps on a small set. A batch of the longest rows is kept under 16,384 tokens.
    """
    wanted = 2 ** round(log2(max(len(lengths), 1) / 64)) if len(lengths) > 64 else 1
    size = int(min(32, max(4, wanted)))
    while size > 1 and size * max(lengths, default=0) > _TOKENS_A_BATCH:
        size //= 2
    return size


class LengthGroupedSampler:
    """Row numbers in a random order in which rows of few groups and of like length share a batch.

    The order follows from seed and epoch alone, so a resumed run sees the same one. Rows are drawn at
    random into pools of 50 batches; within a pool quarters of batches are made of rows of one group, those of
    like length are put together, and the batches of all pools are shuffled. A last, smaller batch stays last.

    Args:
        lengths: Tokens of every row.
        batch_size: Rows of an optimizer step (forward passes and processes together).
        seed: Of the order.
        groups: Numbers of the rows' groups, as `prefix_groups` gives them; None is one group.
    """

    def __init__(
        self, lengths: Sequence[int], batch_size: int, seed: int, groups: NDArray[np.int64] | None = None
    ) -> None:
        self._lengths = np.asarray(lengths)
        self._groups = np.zeros(len(self._lengths)) if groups is None else groups
        self._block = batch_size // _BLOCKS if batch_size % _BLOCKS == 0 else batch_size
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Chooses the order that the next iteration yields."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        random = np.random.default_rng((self._seed, self._epoch))
        order = random.permutation(len(self._lengths))
        whole = len(order) - len(order) % self._batch_size
        pool = self._batch_size * _POOL
        batches: list[list[int]] = []
        for first in range(0, whole, pool):
            rows = order[first : min(first + pool, whole)]
            batches += self._arranged(rows).reshape(-1, self._batch_size).tolist()
        for number in random.permutation(len(batches)):
            yield from batches[number]
        yield from order[whole:].tolist()

    def _arranged(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Puts rows into blocks of one group, and blocks of like length side by side."""
        rows = rows[np.lexsort((-self._lengths[rows], self._groups[rows]))]
        blocks = rows.reshape(-1, self._block)
        longest = self._lengths[blocks].max(axis=1)
        return blocks[np.argsort(-longest, kind="stable")].reshape(-1)


def sorted_batches(rows: Dataset, size: int) -> list[list[int]]:
    """Returns the numbers of all rows in batches that compute least: rows of one group and of like length."""
    order = np.lexsort((-np.asarray(rows["length"]), prefix_groups(rows["input_ids"], size))).tolist()
    return [order[first : first + size] for first in range(0, len(order), size)]


def padded_width(length: int, longest: int) -> int:
    """Returns the tokens that a batch is padded to: the next multiple of 16, at most `longest`.

    A CPU's matrix library keeps code and work space for every shape that it meets: with a width for every
    length, memory would grow with every step.

    Args:
        length: Tokens of the batch's longest row.
        longest: Tokens of the longest row of all; wider batches may not fit the model's positions.
    """
    return max(length, min(-(-length // _WIDTH) * _WIDTH, longest))


class Collator:
    """Rows to tensors: padded on the right, and as one packed row.

    Yields `input_ids`, `attention_mask`, `labels` of shape (rows, tokens), `weight` of shape (rows,) and
    `layout`, a `Layout` of the same rows. The mask comes from the rows' lengths, so a padding token that
    equals EOS hides no EOS.

    Args:
        pad_token_id: What pads.
        longest: Tokens of the longest row that there is, see `padded_width`.
    """

    def __init__(self, pad_token_id: int, longest: int = 0) -> None:
        self._pad = pad_token_id
        self._longest = longest

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Pads one batch."""
        import torch

        length = padded_width(max(len(row["input_ids"]) for row in rows), self._longest)
        ids = torch.full((len(rows), length), self._pad, dtype=torch.long)
        labels = torch.full((len(rows), length), UNSUPERVISED, dtype=torch.long)
        mask = torch.zeros((len(rows), length), dtype=torch.long)
        for number, row in enumerate(rows):
            end = len(row["input_ids"])
            ids[number, :end] = torch.tensor(row["input_ids"])
            labels[number, :end] = torch.tensor(row["labels"])
            mask[number, :end] = 1
        weight = torch.tensor([row["weight"] for row in rows], dtype=torch.float32)
        layout = lay_out(
            [row["input_ids"] for row in rows],
            [row["labels"] for row in rows],
            [row["weight"] for row in rows],
            pad=self._pad,
        )
        return {
            "input_ids": ids,
            "attention_mask": mask,
            "labels": labels,
            "weight": weight,
            "layout": layout,
        }
