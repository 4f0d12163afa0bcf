"""A batch as one packed row: a prefix that several rows share stands in it once.

The rows of a batch are put into a prefix tree. Every node of the tree is a run of tokens that follows the
runs of its ancestors, so a token sees its ancestors' tokens and those before it in its own run. The packed
row holds the runs one after another, without padding between them; norms, projections and feed-forward
layers do not care in which row a token stands, and attention is told (see `attention`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from luthier.models import UNSUPERVISED

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

_WORTHWHILE = 24
"""Tokens that a node of the tree must save: its own pass of attention is not free."""

_ALIKE = 0.75
"""The shortest run of a padded block, as a share of the longest."""

_WIDTH = 16
_ROW = 64


@dataclass(frozen=True, slots=True)
class Padding:
    """Where the tokens of some runs, one after another, lie in a padded block of runs.

    Attributes:
        runs: Runs in the block.
        width: Tokens of a padded run.
        gather: For every token, its place in the block, shape (tokens,).
    """

    runs: int
    width: int
    gather: Tensor


@dataclass(frozen=True, slots=True)
class Branch:
    """Runs of the packed row that follow the same ancestors.

    Attributes:
        context: Where the ancestors' tokens stand in the packed row: first and past the last, root first.
        first: Where the runs begin in the packed row.
        stop: Past their last token.
        padding: The runs as a padded block; None where there is one run.
        asked: Those tokens of the branch that predict something, counted from `first`, shape (asked,).
        asked_padding: The same as a padded block of runs; None where there is one run.
        asked_places: Place within its run of each entry of that block, shape (runs, width).
    """

    context: tuple[tuple[int, int], ...]
    first: int
    stop: int
    padding: Padding | None
    asked: Tensor
    asked_padding: Padding | None
    asked_places: Tensor


@dataclass(frozen=True, slots=True)
class Layout:
    """A batch as one packed row.

    Attributes:
        ids: Token ids, shape (1, tokens); the last few may be padding that no branch holds.
        positions: Position of each token in its own row, shape (1, tokens).
        branches: The nodes of the tree, in the order in which their tokens stand.
        asked: Tokens that predict a supervised token, ascending, filled up to a multiple of 16;
            shape (asked,).
        items: For every supervised token of every row, which of `asked` predicts it, ascending,
            shape (items,).
        targets: What it is, shape (items,).
        weights: The weight of its row, shape (items,).
        order: Which supervised token it is, counted row by row, shape (items,).
        repeats: Whether a token predicts for several rows, which share it and what they learn from it.
        rows: Rows of the batch.
        tokens: Tokens of the batch's rows, padding and sharing apart.
        longest: Tokens of the longest row.
        pairs: For every token of the packed row, the tokens that it sees, itself among them; their sum.
        asked_pairs: The same over the asked tokens.
        places: For each row, where its tokens stand in the packed row, shape (tokens of the row,).
        keys: What tells each row from others, see `row_key`.
    """

    ids: Tensor
    positions: Tensor
    branches: tuple[Branch, ...]
    asked: Tensor
    items: Tensor
    targets: Tensor
    weights: Tensor
    order: Tensor
    repeats: bool
    rows: int
    tokens: int
    longest: int
    pairs: int
    asked_pairs: int
    places: tuple[NDArray[np.int64], ...]
    keys: tuple[bytes, ...]

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Self:
        """Returns the layout with its tensors on a device."""
        moved: Self = _moved(self, device, non_blocking)
        return moved


def row_key(tokens: NDArray[np.int64]) -> bytes:
    """Returns what tells rows apart: 16 bytes that follow from the ids."""
    return hashlib.blake2b(tokens.tobytes(), digest_size=16).digest()


def lay_out(
    rows: Sequence[Sequence[int]], labels: Sequence[Sequence[int]], weights: Sequence[float], *, pad: int = 0
) -> Layout:
    """Packs a batch.

    Args:
        rows: Token ids of each row, at least one each.
        labels: The same where supervised, `UNSUPERVISED` elsewhere; not shifted. A row's first never counts.
        weights: Of each row in the loss.
        pad: Id that fills the packed row up to a multiple of 64 tokens: a CPU's matrix library keeps code
            and work space for every shape that it meets.
    """
    builder = _Builder([np.asarray(row, dtype=np.int64) for row in rows])
    builder.grow(list(range(len(rows))), 0, ())
    return builder.layout([np.asarray(row, dtype=np.int64) for row in labels], weights, pad)


@dataclass(slots=True)
class _Run:
    """A node of the tree: positions `start` to `stop` of a row, and of all rows below it."""

    row: int
    start: int
    stop: int
    below: list[int]


class _Builder:
    """Grows the tree depth first, and writes down where every run comes to stand."""

    def __init__(self, rows: list[NDArray[np.int64]]) -> None:
        self._rows = rows
        self._nodes: list[tuple[tuple[tuple[int, int], ...], list[_Run]]] = []
        self._stood = 0
        # Where each position of each row stands in the packed row.
        self._place = [np.zeros(len(row), dtype=np.int64) for row in rows]

    def grow(self, below: list[int], depth: int, context: tuple[tuple[int, int], ...]) -> None:
        """Adds what the rows `below`, alike up to `depth`, have beyond it."""
        shared = _shared(self._rows, below, depth)
        if len(below) > 1 and shared > depth and (shared - depth) * (len(below) - 1) >= _WORTHWHILE:
            context = (*context, self._add(context, [_Run(below[0], depth, shared, below)]))
            depth = shared
        leaves: list[int] = []
        branches: list[list[int]] = []
        self._divide(below, depth, shared, leaves, branches)
        runs = [_Run(row, depth, len(self._rows[row]), [row]) for row in leaves]
        runs = [run for run in runs if run.stop > run.start]
        for alike in _of_like_length(runs):
            self._add(context, alike)
        for rows in branches:
            self.grow(rows, depth, context)

    def _divide(
        self, below: list[int], depth: int, at: int, leaves: list[int], branches: list[list[int]]
    ) -> None:
        """Sorts rows alike up to `at` into branches whose sharing beyond `depth` is worth a node, and leaves.

        Rows that share too little among them all may be of several kinds that share enough.
        """
        for rows in _by_next(self._rows, below, at):
            end = _shared(self._rows, rows, at)
            if (end - depth) * (len(rows) - 1) >= _WORTHWHILE:
                branches.append(rows)
            elif len(rows) == 1 or len(self._rows[rows[0]]) == at:
                leaves += rows
            else:
                self._divide(rows, depth, end, leaves, branches)

    def _add(self, context: tuple[tuple[int, int], ...], runs: list[_Run]) -> tuple[int, int]:
        first = self._stood
        self._nodes.append((context, runs))
        for run in runs:
            length = run.stop - run.start
            for row in run.below:
                self._place[row][run.start : run.stop] = np.arange(self._stood, self._stood + length)
            self._stood += length
        return first, self._stood

    def layout(self, labels: list[NDArray[np.int64]], weights: Sequence[float], pad: int) -> Layout:
        """Writes the tree as tensors."""
        import torch

        total = -(-self._stood // _ROW) * _ROW
        ids, positions = np.full(total, pad), np.zeros(total, dtype=np.int64)
        for tokens, place in zip(self._rows, self._place, strict=True):
            ids[place], positions[place] = tokens, np.arange(len(tokens))
        predicting = [np.flatnonzero(row[1:] != UNSUPERVISED) for row in labels]
        places = np.concatenate([place[at] for place, at in zip(self._place, predicting, strict=True)])
        targets = np.concatenate([row[1:][at] for row, at in zip(labels, predicting, strict=True)])
        counted = np.repeat(np.asarray(weights, dtype=np.float32), [len(at) for at in predicting])
        order = np.argsort(places, kind="stable")
        asked, items = np.unique(places[order], return_inverse=True)
        branches = tuple(self._branches(asked))
        fill = np.full(-len(asked) % _WIDTH, total - 1)
        return Layout(
            ids=torch.from_numpy(ids)[None],
            positions=torch.from_numpy(positions)[None],
            branches=branches,
            asked=torch.from_numpy(np.concatenate([asked, fill])),
            items=torch.from_numpy(items),
            targets=torch.from_numpy(targets[order]),
            weights=torch.from_numpy(counted[order]),
            order=torch.from_numpy(order),
            repeats=len(items) != len(asked),
            rows=len(self._rows),
            tokens=sum(map(len, self._rows)),
            longest=max(map(len, self._rows)),
            # A token at position p of its row sees its p ancestors' and predecessors', wherever they stand.
            pairs=int(positions.sum()) + self._stood,
            asked_pairs=int(positions[asked].sum()) + len(asked),
            places=tuple(self._place),
            keys=tuple(map(row_key, self._rows)),
        )

    def _branches(self, asked: NDArray[np.int64]) -> Iterator[Branch]:
        import torch

        first = 0
        for context, runs in self._nodes:
            lengths = np.array([run.stop - run.start for run in runs])
            stop = first + int(lengths.sum())
            inside = asked[(asked >= first) & (asked < stop)] - first
            ends = np.cumsum(lengths)
            run_of = np.searchsorted(ends, inside, side="right")
            places = inside - (ends - lengths)[run_of]
            counts = np.bincount(run_of, minlength=len(runs))
            block = _padding(counts) if len(runs) > 1 else None
            asked_places = torch.from_numpy(places)
            if block is not None:
                # A place that holds no token asks as the first token of its run would: it sees something.
                spread = np.zeros(block.runs * block.width, dtype=np.int64)
                spread[block.gather.numpy()] = places
                asked_places = torch.from_numpy(spread)
            yield Branch(
                context=context,
                first=first,
                stop=stop,
                padding=_padding(lengths) if len(runs) > 1 else None,
                asked=torch.from_numpy(inside),
                asked_padding=block,
                asked_places=asked_places.view(len(runs), -1),
            )
            first = stop


def _of_like_length(runs: list[_Run]) -> Iterator[list[_Run]]:
    """Cuts runs, the longest first, where padding them to the longest would cost too much attention."""
    block: list[_Run] = []
    for run in sorted(runs, key=lambda run: run.start - run.stop):
        if block and run.stop - run.start < _ALIKE * (block[0].stop - block[0].start):
            yield block
            block = []
        block.append(run)
    if block:
        yield block


def _padding(lengths: NDArray[np.int64]) -> Padding:
    import torch

    width = -(-int(lengths.max()) // _WIDTH) * _WIDTH
    inside = np.arange(width) < lengths[:, None]
    return Padding(runs=len(lengths), width=width, gather=torch.from_numpy(np.flatnonzero(inside)))


def _shared(rows: list[NDArray[np.int64]], below: list[int], depth: int) -> int:
    """How many leading tokens all the rows share, given that they share `depth`."""
    first = rows[below[0]]
    end = min(len(rows[row]) for row in below)
    for row in below[1:]:
        differs = np.flatnonzero(first[depth:end] != rows[row][depth:end])
        if len(differs):
            end = depth + int(differs[0])
    return end


def _by_next(rows: list[NDArray[np.int64]], below: list[int], depth: int) -> Iterator[list[int]]:
    """The rows by their token at `depth`, in the order in which the tokens come; those that end are one."""
    found: dict[int, list[int]] = {}
    for row in below:
        found.setdefault(int(rows[row][depth]) if len(rows[row]) > depth else -1, []).append(row)
    yield from found.values()


def _moved(value: Any, device: torch.device | str, non_blocking: bool) -> Any:
    import torch

    if isinstance(value, torch.Tensor):
        return value.to(device, non_blocking=non_blocking)
    if isinstance(value, tuple):
        return tuple(_moved(item, device, non_blocking) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{f.name: _moved(getattr(value, f.name), device, non_blocking) for f in fields(value)}
        )
    return value
