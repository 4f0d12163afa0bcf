"""Stages on Ray Data: on the cluster that Ray is connected to, or on workers of this machine."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from luthier.data.engines.base import Done, Engine, R, Stage
from luthier.errors import UserError
from luthier.tasks import Example

if TYPE_CHECKING:
    import pyarrow

_WINDOW = 64
"""Batches that Ray is given at a time; the next ones are read when they are done."""

_INSTALL = "pip install 'luthier[ray]', or leave the engine at local"


@dataclass(frozen=True, slots=True)
class RayData(Engine):
    """Runs a stage on Ray Data.

    Where Ray is connected to a cluster, or `RAY_ADDRESS` names one, it runs there, and Luthier has to be
    installed on it. Else workers are started on this machine, and stopped afterwards.

    Attributes:
        processes: Workers to start on this machine; without meaning on a cluster.
    """

    processes: int = 1

    def run(self, stage: Stage[R], batches: Iterable[Sequence[Example]]) -> Iterator[Done[R]]:
        """As `Engine.run`.

        Raises:
            UserError: Where Ray is not installed.
        """
        with connected(self.processes):
            source = iter(batches)
            while window := list(islice(source, _WINDOW)):
                yield from _run(stage, window)


def _run(stage: Stage[R], batches: Sequence[Sequence[Example]]) -> Iterator[Done[R]]:
    import ray.data

    # One block is one batch, so that nothing hangs on how Ray would cut the rows.
    tables = [_table([(number, batch)]) for number, batch in enumerate(batches)]
    found = ray.data.from_arrow(tables).map_batches(
        _apply, batch_size=None, batch_format="pyarrow", fn_kwargs={"stage": stage}
    )
    early: dict[int, Done[R]] = {}
    due = 0
    for table in found.iter_batches(batch_size=None, batch_format="pyarrow"):
        early.update(_items(table))
        while due in early:
            yield early.pop(due)
            due += 1


def _apply(table: pyarrow.Table, stage: Stage[Any]) -> pyarrow.Table:
    return _table([(number, stage(batch)) for number, batch in _items(table)])


def _table(items: Sequence[tuple[int, Any]]) -> pyarrow.Table:
    import pyarrow

    numbers = pyarrow.array([number for number, _ in items], pyarrow.int64())
    values = pyarrow.array([pickle.dumps(value) for _, value in items], pyarrow.large_binary())
    return pyarrow.table({"number": numbers, "value": values})


def _items(table: pyarrow.Table) -> Iterator[tuple[int, Any]]:
    for number, value in zip(table.column("number"), table.column("value"), strict=True):
        yield number.as_py(), pickle.loads(value.as_py())  # what `_table` wrote


@contextmanager
def connected(processes: int) -> Iterator[None]:
    """Uses the cluster that there is, else starts workers here and stops them."""
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UserError("the engine `ray` needs Ray, which is not installed", _INSTALL) from error
    if ray.is_initialized():
        yield
        return
    if "RAY_ADDRESS" in os.environ:
        ray.init(log_to_driver=False)
    else:
        # What starts and ends with this command reports to nobody.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        ray.init(num_cpus=processes, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        yield
    finally:
        ray.shutdown()
