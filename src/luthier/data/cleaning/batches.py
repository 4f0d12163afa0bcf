"""`CleanStage`: cleaning batch by batch, for any engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from luthier.data.cleaning.clean import CountTokens
from luthier.data.cleaning.options import CleanOptions
from luthier.data.cleaning.report import CleanReport
from luthier.data.cleaning.stage import Cleaning
from luthier.data.engines.base import Done
from luthier.data.journal import RowList, ToRecord
from luthier.tasks import Example, Task


@dataclass(frozen=True, slots=True)
class CleanStage:
    """Cleans each batch by a `Cleaning` of its own; its rows are for the journals `changes` and `dropped`.

    Attributes:
        task: Whose examples they are; None for records of which nothing is known but their text.
        options: The rules.
        to_record: Writes an example into the journals.
        part: What the journals call these records: `train`, `test/id`.
        count_tokens: Of the model, for `max_tokens`; where batches go to other processes it can be pickled.
        tests: Mend inputs alone and leave out nothing.
        note_changes: Whether there is a journal `changes`; writing its rows takes time.
    """

    task: Task | None
    options: CleanOptions
    to_record: ToRecord
    part: str = ""
    count_tokens: CountTokens | None = None
    tests: bool = False
    note_changes: bool = False

    def __call__(self, batch: Sequence[Example]) -> Done[CleanReport]:
        """As `Stage`."""
        changes, dropped = RowList(), RowList()
        cleaning = Cleaning(
            self.task,
            self.options,
            self.to_record,
            part=self.part,
            changes=changes if self.note_changes else None,
            dropped=dropped,
            count_tokens=self.count_tokens,
            tests=self.tests,
        )
        kept = list(cleaning(batch))
        return Done(kept, cleaning.report, {"changes": changes.rows, "dropped": dropped.rows})
