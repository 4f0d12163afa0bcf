"""The stage: examples in, clean ones out, and a record of everything that was changed or left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from luthier.data.cleaning.clean import Cleaned, CountTokens, clean_example, mend_input
from luthier.data.cleaning.options import CleanOptions
from luthier.data.cleaning.report import CleanReport, Tally
from luthier.data.journal import Rows, ToRecord
from luthier.tasks import Example, Task


class Cleaning:
    """One pass over the records of one file, one record at a time.

    Args:
        task: Whose examples they are; None for records of which nothing is known but their text.
        options: The rules.
        to_record: Writes an example into the journals.
        part: What the journals call these records: `train`, `test/id`.
        changes: Takes every record that changed: id, origin, rules, and the columns before and after.
        dropped: Takes every record that is left out: id, origin, reason, and the record as it came.
        count_tokens: Of the model, for `max_tokens`.
        tests: Mend inputs alone and leave out nothing: these are what a model is measured on.
    """

    def __init__(
        self,
        task: Task | None,
        options: CleanOptions,
        to_record: ToRecord,
        *,
        part: str = "",
        changes: Rows | None = None,
        dropped: Rows | None = None,
        count_tokens: CountTokens | None = None,
        tests: bool = False,
    ) -> None:
        self._task = task
        self._options = options
        self._to_record = to_record
        self._part = {"split": part} if part else {}
        self._changes = changes
        self._dropped = dropped
        self._count_tokens = count_tokens
        self._tests = tests
        self._tally = Tally()

    def __call__(self, examples: Iterable[Example]) -> Iterator[Example]:
        """Yields the examples that stay, clean."""
        for example in examples:
            found = self._clean(example)
            self._tally.add(example, found)
            if found.example is None:
                self._note_drop(example, found.reason)
                continue
            if found.rules:
                self._note_change(example, found)
            yield found.example

    @property
    def report(self) -> CleanReport:
        """What was done so far."""
        return self._tally.report()

    def _clean(self, example: Example) -> Cleaned:
        if not self._tests:
            return clean_example(example, self._task, self._options, self._count_tokens)
        changed, rules = mend_input(example, self._task, self._options)
        return Cleaned(changed, "", rules)

    def _note_drop(self, example: Example, reason: str) -> None:
        if self._dropped is not None:
            entry = {**self._part, "id": example.id, "origin": example.origin}
            record = self._to_record(example)
            self._dropped.add({**entry, "stage": "clean", "reason": reason, "record": record})

    def _note_change(self, example: Example, found: Cleaned) -> None:
        if self._changes is None or found.example is None:
            return
        before, after = self._to_record(example), self._to_record(found.example)
        columns = [name for name in before if before[name] != after.get(name)]
        self._changes.add(
            {
                **self._part,
                "id": example.id,
                "origin": example.origin,
                "rules": list(found.rules),
                "before": {name: before[name] for name in columns},
                "after": {name: after.get(name) for name in columns},
            }
        )
