"""A record as its file has it, and the error of a file that cannot be read on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from luthier.errors import Problem


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as the file has it.

    Attributes:
        line: 1-based line it begins in; for Parquet and datasets its row.
        values: Column name to value.
    """

    line: int
    values: Mapping[str, Any]


class SourceError(Exception):
    """A file that cannot be read on; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem
