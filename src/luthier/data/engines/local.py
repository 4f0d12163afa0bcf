"""Stages on this machine: in this process, or in several."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import Any

from luthier.data.engines.base import Done, Engine, R, Stage
from luthier.tasks import Example

_AHEAD = 2
"""Batches that wait for each process."""

_stage: Stage[Any] | None = None
"""The stage of a worker process, unpickled once."""


@dataclass(frozen=True, slots=True)
class Local(Engine):
    """Runs a stage here.

    Attributes:
        processes: Worker processes; 1 for this one alone.
    """

    processes: int = 1

    def run(self, stage: Stage[R], batches: Iterable[Sequence[Example]]) -> Iterator[Done[R]]:
        """As `Engine.run`."""
        if self.processes == 1:
            yield from map(stage, batches)
            return
        # Not forked: this process has threads (Arrow's), and a lock that one holds would stay locked.
        context = get_context("spawn")
        with ProcessPoolExecutor(self.processes, context, _take, (stage,)) as pool:
            source = iter(batches)
            waiting: deque[Future[Done[R]]] = deque()
            try:
                for batch in islice(source, _AHEAD * self.processes):
                    waiting.append(pool.submit(_apply, batch))
                while waiting:
                    yield waiting.popleft().result()
                    waiting.extend(pool.submit(_apply, batch) for batch in islice(source, 1))
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


def _take(stage: Stage[Any]) -> None:
    global _stage  # noqa: PLW0603  # a worker has this one job
    _stage = stage


def _apply(batch: Sequence[Example]) -> Done[Any]:
    assert _stage is not None
    return _stage(batch)
