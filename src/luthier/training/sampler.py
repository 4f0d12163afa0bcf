"""Which rows a step learns from: batches of so many rows, or of so many tokens, in an order that repeats."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from itertools import count
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from luthier.errors import UserError
from luthier.training.batches import auto_batch_size
from luthier.training.engine import prefix_groups
from luthier.training.options import AUTO, TrainingOptions

if TYPE_CHECKING:
    from datasets import Dataset
    from numpy.typing import NDArray

_BLOCKS = 4
"""Blocks of one group in a batch, so that a step sees several wordings; four cost little more than one."""

_POOL = 50
"""Batches among which rows are sorted by length: enough for little padding, few enough to stay random."""


class LengthGroupedBatches(ABC):
    """Batches of row numbers, an epoch of them at each iteration, in which rows of like length are together.

    The order follows from seed and epoch alone, so a resumed run sees the same one. Rows are drawn at
    random into pools of 50 batches; within a pool quarters of batches are made of rows of one group, those of
    like length are put together, and the batches of all pools are shuffled.

    Args:
        lengths: Tokens of every row.
        seed: Of the order.
        groups: Numbers of the rows' groups, as `prefix_groups` gives them; None is one group.
        processes: Batches of a step: one for each process that trains, one after another.

    Attributes:
        steps: Optimizer steps of an epoch, the same in each.
        rows: Rows of a process's batch, in the mean where batches hold a number of tokens.
    """

    steps: int
    rows: int

    def __init__(
        self, lengths: Sequence[int], seed: int, groups: NDArray[np.int64] | None, processes: int
    ) -> None:
        self._lengths = np.asarray(lengths)
        self._groups = np.zeros(len(self._lengths)) if groups is None else groups
        self._seed = seed
        self._processes = processes
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Chooses the order that the next iteration yields."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self.steps * self._processes

    def __iter__(self) -> Iterator[list[int]]:
        return self._batches(np.random.default_rng((self._seed, self._epoch)))

    @abstractmethod
    def _batches(self, random: np.random.Generator) -> Iterator[list[int]]:
        """An epoch."""

    def _arranged(self, rows: NDArray[np.int64], block: int) -> NDArray[np.int64]:
        """Puts rows into blocks of one group, and blocks of like length side by side, the longest first."""
        rows = rows[np.lexsort((-self._lengths[rows], self._groups[rows]))]
        starts = np.arange(0, len(rows), block)
        longest = np.maximum.reduceat(self._lengths[rows], starts)
        order = np.argsort(-longest, kind="stable")
        return np.concatenate([rows[starts[number] : starts[number] + block] for number in order])


class BatchesByRows(LengthGroupedBatches):
    """Batches of so many rows. The last step of an epoch takes what is left.

    Args:
        lengths: Tokens of every row.
        batch_size: Rows of a step on one process.
        seed: Of the order.
        groups: As in `LengthGroupedBatches`.
        processes: As in `LengthGroupedBatches`.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        batch_size: int,
        seed: int,
        groups: NDArray[np.int64] | None = None,
        processes: int = 1,
    ) -> None:
        super().__init__(lengths, seed, groups, processes)
        self.rows = batch_size
        self._step = batch_size * processes
        self._block = self._step // _BLOCKS if self._step % _BLOCKS == 0 else self._step
        self.steps = ceil(len(lengths) / self._step)

    def _batches(self, random: np.random.Generator) -> Iterator[list[int]]:
        order = random.permutation(len(self._lengths))
        whole = len(order) - len(order) % self._step
        pool = self._step * _POOL
        steps: list[NDArray[np.int64]] = []
        for first in range(0, whole, pool):
            rows = order[first : min(first + pool, whole)]
            steps += list(self._arranged(rows, self._block).reshape(-1, self._step))
        for number in random.permutation(len(steps)):
            yield from self._shares(steps[number])
        if whole < len(order):
            yield from self._shares(order[whole:])

    def _shares(self, rows: NDArray[np.int64]) -> Iterator[list[int]]:
        """A step's rows, for each process; where there are fewer rows than processes, some are read twice."""
        for share in np.array_split(np.resize(rows, max(len(rows), self._processes)), self._processes):
            yield share.tolist()


class BatchesByTokens(LengthGroupedBatches):
    """Batches of as many rows as so many tokens hold.

    How many batches an epoch needs varies a little with its order. Schedule and stopping need one number, so
    the largest of all epochs is taken and, where an epoch needs fewer, its largest batches are halved.

    Args:
        lengths: Tokens of every row.
        batch_tokens: Tokens that the rows of a batch have together at most, padding apart.
        seed: Of the order.
        groups: As in `LengthGroupedBatches`.
        processes: As in `LengthGroupedBatches`.
        epochs: Epochs that will be read; None where `max_steps` says how long.
        max_steps: Optimizer steps that will be made.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        batch_tokens: int,
        seed: int,
        groups: NDArray[np.int64] | None = None,
        processes: int = 1,
        epochs: float | None = 1,
        max_steps: int | None = None,
    ) -> None:
        super().__init__(lengths, seed, groups, processes)
        self._limit = batch_tokens
        self._block = max(1, mean_rows(lengths, batch_tokens) // _BLOCKS)
        self.steps = 1
        for epoch in count():
            if epoch >= (ceil((max_steps or 0) / self.steps) if epochs is None else epochs):
                break
            packed = self._packed(np.random.default_rng((seed, epoch)))
            self.steps = max(self.steps, ceil(len(packed) / processes))
        self.rows = max(1, round(len(lengths) / len(self)))

    def _batches(self, random: np.random.Generator) -> Iterator[list[int]]:
        batches = self._packed(random)
        while len(batches) < len(self):
            number = max(range(len(batches)), key=lambda at: len(batches[at]))
            half = len(batches[number]) // 2
            # With more processes than rows some rows are read twice.
            batches.append(batches[number][half:])
            batches[number] = batches[number][:half] or batches[number]
        for number in random.permutation(len(batches)):
            yield batches[number]

    def _packed(self, random: np.random.Generator) -> list[list[int]]:
        """Fills one batch after another."""
        order = random.permutation(len(self._lengths))
        pool = self._block * _BLOCKS * _POOL
        batches: list[list[int]] = []
        room = 0
        for number, first in enumerate(range(0, len(order), pool)):
            rows = self._arranged(order[first : first + pool], self._block)
            # Every other pool the shortest first: a batch that reaches into the next one finds its like.
            for row in (rows if number % 2 == 0 else rows[::-1]).tolist():
                length = int(self._lengths[row])
                if length > room:
                    batches.append([])
                    room = self._limit
                batches[-1].append(row)
                room -= length
        return batches


def mean_rows(lengths: Sequence[int], batch_tokens: int) -> int:
    """Returns how many rows of mean length so many tokens hold, at least 1."""
    return max(1, int(batch_tokens * len(lengths) / sum(lengths)))


def batch_size(rows: Dataset, options: TrainingOptions) -> int:
    """Returns the rows of a batch that `options` mean for these rows, on each process.

    Where they give `batch_tokens`, that many rows of mean length.
    """
    if options.batch_tokens is not None:
        return mean_rows(rows["length"], options.batch_tokens)
    return auto_batch_size(rows["length"]) if options.batch_size == AUTO else int(options.batch_size)


def choose_batches(
    rows: Dataset, options: TrainingOptions, seed: int, processes: int = 1
) -> LengthGroupedBatches:
    """Returns the batches that a training with these options reads.

    Raises:
        UserError: Where a row has more tokens than a batch may have.
    """
    lengths, size = list(rows["length"]), batch_size(rows, options) * options.gradient_accumulation
    limit = options.batch_tokens
    if limit is not None and max(lengths) > limit:
        raise UserError(
            f"the longest row has {max(lengths)} tokens, training.batch_tokens is {limit}",
            f"set training.batch_tokens to {max(lengths)} or more",
        )
    groups = prefix_groups(rows["input_ids"], size * processes)
    if limit is None:
        return BatchesByRows(lengths, size, seed, groups, processes)
    return BatchesByTokens(lengths, limit, seed, groups, processes, options.epochs, options.steps)


def steps_per_epoch(rows: Dataset, options: TrainingOptions) -> int:
    """Returns the optimizer steps that one process needs for an epoch; with `batch_tokens` for seed 0."""
    if options.batch_tokens is not None:
        return choose_batches(rows, options, seed=0).steps
    return ceil(len(rows) / (batch_size(rows, options) * options.gradient_accumulation))
