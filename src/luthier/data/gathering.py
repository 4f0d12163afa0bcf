"""Reading file after file, each cleaned as it is read, and keeping the problems of all of them."""

from __future__ import annotations

from pathlib import Path

from luthier.data.cleaning import Cleaning, CleanOptions, CleanReport, CountTokens
from luthier.data.examples import Examples
from luthier.data.journal import Journal
from luthier.data.options import ReadOptions
from luthier.data.reading import ReadReport, read_examples
from luthier.errors import DataError, Problem
from luthier.tasks import Task


class Gathering:
    """The recipe's files by role: examples, what reading and cleaning did, and the rows that this concerns.

    Args:
        base_dir: The recipe's folder.
        workdir: Folder for the Arrow files; None for a temporary one.
        clean: The rules.
        count_tokens: Of the model, for `max_tokens`.
    """

    def __init__(
        self,
        base_dir: Path,
        workdir: Path | None,
        clean: CleanOptions,
        count_tokens: CountTokens | None,
    ) -> None:
        self._base_dir = base_dir
        self._workdir = workdir
        self._clean = clean
        self._count_tokens = count_tokens
        self._errors: list[DataError] = []
        self.sets: dict[str, Examples] = {}
        self.reports: dict[str, ReadReport] = {}
        self.cleaned: dict[str, CleanReport] = {}
        self.changes = Journal()
        self.dropped = Journal()

    def read(self, role: str, path: str, task: Task, reading: ReadOptions, labelled: bool = True) -> None:
        """Reads and cleans one file; what is wrong with it is told by `finish`."""
        cleaning = Cleaning(
            task,
            self._clean,
            task.record,
            part=role,
            changes=self.changes,
            dropped=self.dropped,
            count_tokens=self._count_tokens,
            tests=role.startswith("test/"),
        )
        try:
            self.sets[role], self.reports[role] = read_examples(
                path,
                task,
                reading,
                base_dir=self._base_dir,
                labelled=labelled,
                workdir=self._workdir,
                name=role.replace("/", "-"),
                stage=cleaning,
            )
        except DataError as error:
            self._errors.append(error)
        self.cleaned[role] = cleaning.report

    def finish(self) -> None:
        """Raises what was wrong with the files, all of it at once.

        Raises:
            DataError: Where a file has problems, or cleaning left nothing of it.
        """
        if len(self._errors) == 1:
            raise self._errors[0]
        if self._errors:
            total = sum(error.total for error in self._errors)
            problems = [problem for error in self._errors for problem in error.problems]
            hint = next((error.hint for error in self._errors if error.hint), "")
            raise DataError(f"{total} problems in {len(self._errors)} files:", problems, hint, total)
        empty = [
            Problem(
                f"cleaning left nothing of {_many(report.read)}: {_reasons(report)}", field=f"data.{role}"
            )
            for role, report in self.cleaned.items()
            if not report.kept
        ]
        if empty:
            raise DataError("Nothing is left of a file:", empty, "change the limits in `data.clean`")


def _reasons(report: CleanReport) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in report.dropped.items())


def _many(records: int) -> str:
    return "1 record" if records == 1 else f"{records} records"
