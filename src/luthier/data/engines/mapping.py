"""A stage over examples, by any engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Generic, Literal, get_args

from luthier.data.engines.base import Engine, R, Stage
from luthier.data.engines.local import Local
from luthier.data.engines.ray_data import RayData
from luthier.data.examples import Examples, in_batches
from luthier.data.journal import Journal
from luthier.tasks import Example

EngineName = Literal["local", "ray"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)


class StageRun(Generic[R]):
    """One pass of a stage, by an engine. What comes out is the same by every engine and number of processes.

    Args:
        stage: What is done to the examples.
        engine: `local`, or `ray` for Ray Data.
        processes: Workers on this machine; a Ray cluster has its own.
        journals: Take the rows that the stage notes under their names; rows under other names go nowhere.
    """

    def __init__(
        self,
        stage: Stage[R],
        *,
        engine: EngineName = "local",
        processes: int = 1,
        journals: Mapping[str, Journal] | None = None,
    ) -> None:
        self._stage = stage
        self._engine: Engine = Local(processes) if engine == "local" else RayData(processes)
        self._journals = journals or {}
        self._report = stage(()).report

    @property
    def report(self) -> R:
        """What was done so far."""
        return self._report

    def __call__(self, examples: Iterable[Example]) -> Iterator[Example]:
        """Yields what becomes of the examples, which are read some batches ahead.

        Raises:
            UserError: For `ray` where Ray is not installed.
        """
        for done in self._engine.run(self._stage, in_batches(examples)):
            self._report = self._report.merge(done.report)
            for name, journal in self._journals.items():
                for row in done.rows.get(name, ()):
                    journal.add(row)
            yield from done.examples


def map_stage(
    examples: Iterable[Example],
    stage: Stage[R],
    *,
    engine: EngineName = "local",
    processes: int = 1,
    path: Path | None = None,
    journals: Mapping[str, Journal] | None = None,
) -> tuple[Examples, R]:
    """Runs a stage over examples into an Arrow file; the arguments are those of `StageRun`.

    Args:
        examples: Read once.
        stage: As there.
        engine: As there.
        processes: As there.
        path: The Arrow file that takes the examples; None for a temporary one.
        journals: As there.

    Returns:
        The examples, and the report of all batches.
    """
    run = StageRun(stage, engine=engine, processes=processes, journals=journals)
    written = Examples.write(run(examples), path)
    return written, run.report
