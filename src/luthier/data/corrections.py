"""Wrong labels put right: the list of suspects that a person has decided on, applied to the records.

A list is JSON Lines of `{"id", "given", "suggested", "decision"}` with targets as in records. The decision is
`accept` (the suggestion is right), `drop` (leave the record out) or `keep` (the given target is right); an
empty one is not decided yet and keeps.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

from luthier.data.journal import Journal
from luthier.data.raw import RawRecord, SourceError
from luthier.data.reading import TARGET_COLUMNS
from luthier.data.sources import read_records, resolve
from luthier.errors import MAX_LISTED, DataError, Problem
from luthier.tasks import Example, RecordError, Target, Task, target_to_json
from luthier.tasks.record import is_missing
from luthier.text import nearest, shorten

Decision = Literal["accept", "keep", "drop"]
_DECISIONS = ("accept", "keep", "drop")


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person decided about one record.

    Attributes:
        id: The record's id.
        decision: What to do.
        suggested: The target to take, as in records; None where there is none.
        given: The target that the record had when the list was written; None where the list does not say.
        line: Where it stands in the list.
    """

    id: str
    decision: Decision
    suggested: Any
    given: Any
    line: int


def read_corrections(path: Path) -> list[Correction]:
    """Reads a list.

    Raises:
        DataError: With every line that has no id, or that of another, or no decision that can be carried out.
    """
    found: dict[str, Correction] = {}
    problems: list[Problem] = []
    try:
        for item in read_records(resolve(str(path), Path.cwd()), "utf-8", None):
            if isinstance(item, Problem):
                problems.append(item)
                continue
            correction = _correction(item, problems)
            if correction is not None and correction.id in found:
                line = found[correction.id].line
                problems.append(Problem(f"{correction.id!r} stands in line {line} too", line=item.line))
            elif correction is not None:
                found[correction.id] = correction
    except SourceError as error:
        problems.append(error.problem)
    if problems:
        raise _error(path, problems)
    return list(found.values())


def _correction(raw: RawRecord, problems: list[Problem]) -> Correction | None:
    values = raw.values
    if is_missing(values.get("id")):
        problems.append(Problem("is missing", line=raw.line, field="id", allowed="the id of a record"))
        return None
    decision = values.get("decision")
    word = "keep" if is_missing(decision) else str(decision).strip().casefold() or "keep"
    suggested = values.get("suggested")
    if word not in _DECISIONS:
        guess = nearest(word, _DECISIONS)
        hint = f"did you mean {guess!r}?" if guess else ""
        allowed = ", ".join(_DECISIONS) + "; empty for not decided yet"
        problems.append(Problem(f"is {decision!r}", None, raw.line, "decision", allowed, hint))
        return None
    if word == "accept" and suggested is None:
        problems.append(
            Problem(
                "nothing is suggested to accept", None, raw.line, "suggested", "a target, as records have it"
            )
        )
        return None
    return Correction(str(values["id"]), cast(Decision, word), suggested, values.get("given"), raw.line)


class Corrector:
    """Applies a list to the records of one file, one at a time; what does not fit is told by `finish`.

    Args:
        path: The list, for messages.
        corrections: What it says.
        task: Whose examples they are.
        dropped: Takes every record that is left out.
    """

    def __init__(
        self, path: Path, corrections: Iterable[Correction], task: Task, dropped: Journal | None = None
    ) -> None:
        self._path = path
        self._open = {correction.id: correction for correction in corrections}
        self._task = task
        self._dropped = dropped
        self._problems: list[Problem] = []
        self.counts: Counter[str] = Counter()
        (self._column,) = set(task.columns) & set(TARGET_COLUMNS)

    def __call__(self, examples: Iterable[Example]) -> Iterator[Example]:
        """Yields the examples that stay, corrected."""
        for example in examples:
            correction = self._open.pop(example.id, None)
            if correction is None:
                yield example
                continue
            self.counts[correction.decision] += 1
            if correction.decision == "drop":
                self._drop(example)
            else:
                yield self._accepted(example, correction) if correction.decision == "accept" else example

    def finish(self) -> None:
        """Tells what did not fit.

        Raises:
            DataError: With every id that no record has, and every correction that does not fit its record.
        """
        unknown = [
            Problem(f"no record has the id {item.id!r}", line=item.line, field="id")
            for item in self._open.values()
        ]
        if problems := [*self._problems, *unknown]:
            raise _error(self._path, sorted(problems, key=lambda problem: problem.line or 0))

    def _accepted(self, example: Example, correction: Correction) -> Example:
        suggested = self._target(example, correction, "suggested")
        given = None if correction.given is None else self._target(example, correction, "given")
        if given is not None and example.target not in (given, suggested):
            now = shorten(json.dumps(target_to_json(example.target), ensure_ascii=False), 40)
            hint = "the list was written for another version of the file: write it anew"
            self._problems.append(Problem(f"the record has {now}", None, correction.line, "given", "", hint))
        return replace(example, target=suggested)

    def _target(
        self, example: Example, correction: Correction, name: Literal["suggested", "given"]
    ) -> Target | None:
        record: Mapping[str, Any] = {
            **self._task.record(example),
            self._column: correction.suggested if name == "suggested" else correction.given,
        }
        try:
            return self._task.example(record, id=example.id, origin=example.origin).target
        except RecordError as error:
            for problem in error.problems:
                field = problem.field.replace(self._column, name, 1)
                self._problems.append(replace(problem, field=field, line=correction.line))
            return example.target

    def _drop(self, example: Example) -> None:
        if self._dropped is not None:
            entry = {"id": example.id, "origin": example.origin, "stage": "corrections", "reason": "decided"}
            self._dropped.add({**entry, "record": self._task.record(example)})


def _error(path: Path, problems: list[Problem]) -> DataError:
    placed = [problem if problem.file else replace(problem, file=path) for problem in problems]
    many = "1 problem" if len(placed) == 1 else f"{len(placed)} problems"
    return DataError(f"{path} cannot be applied: {many}", placed[:MAX_LISTED], total=len(placed))
