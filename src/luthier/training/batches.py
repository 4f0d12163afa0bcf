"""How many rows make a batch, and how they become tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2
from typing import TYPE_CHECKING, Any

import numpy as np

from luthier.models import UNSUPERVISED
from luthier.training.engine import lay_out, prefix_groups

if TYPE_CHECKING:
    from datasets import Dataset

_LEAST, _MOST = 4, 32
_TOKENS_A_BATCH = 16384
_WIDTH = 16


def auto_batch_size(lengths: Sequence[int]) -> int:
    """Returns the batch size that `auto` means: the power of two nearest to rows / 256, from 4 to 32.

    So an epoch has some 256 steps, fewer on a small set: what holds a small model back on few rows is the
    number of steps (see `docs/training.md`). A batch of the longest rows is kept under 16,384 tokens.
    """
    wanted = 2 ** round(log2(max(len(lengths), 1) / 256))
    size = int(min(_MOST, max(_LEAST, wanted)))
    while size > 1 and size * max(lengths, default=0) > _TOKENS_A_BATCH:
        size //= 2
    return size


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
