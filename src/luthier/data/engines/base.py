"""The contract of a stage over records, and of what runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, Self, TypeVar

from luthier.tasks import Example


class Report(Protocol):
    """What a stage did with some records. Reports of parts add up to the report of the whole."""

    def merge(self, other: Self) -> Self:
        """Returns the report of these records and then the other's, as one pass over both would write it."""


R = TypeVar("R", bound=Report)


@dataclass(frozen=True, slots=True)
class Done(Generic[R]):
    """What a stage made of a batch.

    Attributes:
        examples: Those that go on, in order: fewer than came in, as many, or more.
        report: What was done.
        rows: Rows for each journal, by its name, in order: what was dropped or changed.
    """

    examples: Sequence[Example]
    report: R
    rows: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


class Stage(Protocol[R]):
    """Does something to records, a batch at a time. It can be pickled.

    What it makes of a record depends on that record alone, not on the batch it stands in nor on what came
    before: a draw is seeded by the record's id. So an engine may run batches anywhere, in any order.
    """

    def __call__(self, batch: Sequence[Example]) -> Done[R]:
        """Returns what becomes of the records; of none, the report of nothing."""


class Engine(ABC):
    """Runs a stage over batches."""

    @abstractmethod
    def run(self, stage: Stage[R], batches: Iterable[Sequence[Example]]) -> Iterator[Done[R]]:
        """Yields what the stage makes of each batch, in the order of the batches.

        Batches are read as they are needed, so that only a few are in memory at a time.
        """
