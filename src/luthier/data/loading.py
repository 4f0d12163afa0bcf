"""The recipe's files as splits: read and cleaned, duplicates and leaks removed, validation split off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from luthier.data.cleaning import CleanReport, CountTokens
from luthier.data.comparison import Comparison
from luthier.data.duplicates import Duplicates
from luthier.data.examples import Examples
from luthier.data.gathering import Gathering
from luthier.data.journal import Journal
from luthier.data.leaks import Leak, find_leaks
from luthier.data.options import DataOptions, TestOptions
from luthier.data.reading import ReadReport
from luthier.data.removal import Conflict, find_conflicts, remove_leaked, remove_repeated
from luthier.data.splitting import split_indices
from luthier.errors import DataError, Problem, RecipeError
from luthier.invalid import explain
from luthier.tasks import Task


@dataclass(frozen=True, slots=True)
class TestSet:
    """A test set, with the task over its own label space."""

    __test__ = False

    task: Task
    examples: Examples
    path: str


@dataclass(frozen=True, slots=True)
class DataReport:
    """What loading did.

    Attributes:
        files: By role (`train`, `validation`, `test/<name>`, `unlabelled`): what reading the file did.
        counts: Stage to reason to number of records; `leak` counts by held-out set, equal and near apart.
        leaks: Every held-out record that train, or validation, still holds once leaks are removed.
        cleaned: By role, what cleaning did, with examples.
        conflicts: Texts that train and a validation file hold under different targets.
        dropped: A row for every record that was left out: split, id, origin, stage, reason, record, and `of`,
            the record that it repeats.
        changes: A row for every record that cleaning changed: split, id, origin, rules, before, after.
    """

    files: Mapping[str, ReadReport] = field(default_factory=dict)
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    leaks: Sequence[Leak] = ()
    cleaned: Mapping[str, CleanReport] = field(default_factory=dict)
    conflicts: Sequence[Conflict] = ()
    dropped: Journal | Sequence[Mapping[str, Any]] = ()
    changes: Journal | Sequence[Mapping[str, Any]] = ()

    def to_json(self) -> dict[str, Any]:
        """Returns the report as a JSON value; the rows of `dropped`, with their own file, are counted."""
        dropped = Counter(f"{row['stage']}, {row['reason']}" for row in self.dropped)
        return {
            "files": {role: asdict(report) for role, report in self.files.items()},
            "counts": self.counts,
            "cleaned": {role: report.to_json() for role, report in self.cleaned.items()},
            "conflicts": [asdict(conflict) for conflict in self.conflicts],
            "dropped": dict(dropped),
            "leaks": [asdict(leak) for leak in self.leaks],
        }


@dataclass(frozen=True, slots=True)
class Splits:
    """Everything that a run reads."""

    train: Examples
    validation: Examples
    tests: Mapping[str, TestSet]
    unlabelled: Examples | None
    report: DataReport


def test_task(task: Task, name: str, options: TestOptions) -> Task:
    """Returns the task over a test set's own label space.

    Raises:
        RecipeError: Where the set overrides a key that the task does not have, or with a wrong value.
    """
    if not options.space:
        return task
    try:
        return task.with_space(options.space)
    except ValidationError as error:
        values = {**task.model_dump(), **options.space}
        problems = [
            Problem(
                item.message,
                field=".".join(["data.test", name, *map(str, item.path)]),
                allowed=item.allowed,
                hint=item.hint,
            )
            for item in explain(error, type(task), values, more_keys=TestOptions.model_fields)
        ]
        raise RecipeError(f"the test set {name!r} does not fit the task:", problems) from error


test_task.__test__ = False  # type: ignore[attr-defined]  # pytest takes it for a test


def load_splits(
    options: DataOptions,
    task: Task,
    *,
    base_dir: Path,
    workdir: Path | None = None,
    seed: int = 0,
    count_tokens: CountTokens | None = None,
) -> Splits:
    """Reads and cleans every file of the recipe, removes duplicates and leaks, and splits off validation.

    Args:
        options: The recipe's `data` section.
        task: The recipe's `task` section.
        base_dir: The recipe's folder.
        workdir: Folder for the Arrow files; None for a temporary one.
        seed: Decides which records become validation.
        count_tokens: Counts a text in the model's tokens, for `clean.max_tokens`.

    Raises:
        RecipeError: Where a test set overrides the task wrongly, or `max_tokens` has no counter.
        DataError: With the problems of all files together, or where nothing of train is left.
    """
    if options.clean.max_tokens is not None and count_tokens is None:
        problem = Problem("needs `count_tokens`, the model's own", field="data.clean.max_tokens")
        raise RecipeError("Tokens cannot be counted:", [problem], "pass it, or use max_characters")
    tasks = {name: test_task(task, name, entry) for name, entry in options.tests.items()}
    files = Gathering(base_dir, workdir, options.clean, count_tokens)
    _read_all(files, options, task, tasks)
    sets = {role: examples for role, examples in files.sets.items() if role != "unlabelled"}
    counts: dict[str, dict[str, int]] = {
        "read": {role: report.records for role, report in files.reports.items()},
        "clean": _cleaned(files.cleaned),
    }
    compared = Comparison.of(sets)
    compared, counts["duplicates"] = remove_repeated(compared, task.record, options.duplicates, files.dropped)
    conflicts = find_conflicts(compared, task)
    counts["duplicates"] |= {"same text, different targets": len(conflicts)} if conflicts else {}
    compared, removed = remove_leaked(compared, task.record, options.leaks, files.dropped)
    sets, places, duplicates = dict(compared.sets), compared.places, compared.duplicates
    if not isinstance(options.validation, str):
        _require_two(compared.train, files)
        sets, places, counts["split"] = _split(sets, places, task, duplicates, options.validation, seed)
    leaks = find_leaks(sets, places, duplicates)
    found = Counter(f"{leak.held_out}, {'equal' if leak.similarity == 1 else 'near'}" for leak in leaks)
    counts["leak"] = removed | dict(found)
    tests = {
        name: TestSet(tasks[name], sets[f"test/{name}"], entry.path) for name, entry in options.tests.items()
    }
    report = DataReport(files.reports, counts, leaks, files.cleaned, conflicts, files.dropped, files.changes)
    return Splits(sets["train"], sets["validation"], tests, files.sets.get("unlabelled"), report)


def _read_all(files: Gathering, options: DataOptions, task: Task, tasks: Mapping[str, Task]) -> None:
    files.read("train", options.train, task, options.reading("train"))
    if isinstance(options.validation, str):
        files.read("validation", options.validation, task, options.reading("validation"))
    for name, entry in options.tests.items():
        files.read(f"test/{name}", entry.path, tasks[name], options.reading("test", entry))
    if options.unlabelled is not None:
        reading = options.reading("unlabelled")
        files.read("unlabelled", options.unlabelled, task, reading, labelled=False)
    files.finish()


def _cleaned(reports: Mapping[str, CleanReport]) -> dict[str, int]:
    """Counts the records that cleaning changed and left out, by set."""
    counts = {}
    for role, report in reports.items():
        counts[f"{role}, changed"] = report.touched
        counts[f"{role}, left out"] = report.read - report.kept
    return {what: count for what, count in counts.items() if count}


def _require_two(left: int, files: Gathering) -> None:
    """Refuses to split the one record that the stages left; says what took the others."""
    read = files.reports["train"].records
    if left == 1 < read:
        rows = (row for row in files.dropped if row["split"] == "train")
        reasons = Counter(f"{row['stage']}, {row['reason']}" for row in rows)
        told = "; ".join(f"{reason}: {count}" for reason, count in reasons.items())
        problem = Problem(f"1 record is left of {read} ({told})", field="data.train")
        hint = "add different records, or name a file: `validation: other.jsonl` in the recipe's `data`"
        raise DataError("train is too small to split validation off:", [problem], hint)


def _split(
    sets: Mapping[str, Examples],
    places: Sequence[tuple[str, int]],
    task: Task,
    duplicates: Duplicates,
    share: float,
    seed: int,
) -> tuple[dict[str, Examples], list[tuple[str, int]], dict[str, int]]:
    """Splits validation off train; returns the sets, where each compared text now is, and counts."""
    train = sets["train"]
    # Train comes first among the compared texts, so a position there is the index in the set.
    inside = ([position for position in group if position < len(train)] for group in duplicates.groups())
    groups = [group for group in inside if group]
    if len(groups) < 2:
        found = "1 record" if len(train) == 1 else f"{len(train)} records, all of them (near) duplicates"
        problem = Problem(found, field="data.train", allowed="at least 2 different ones")
        hint = "add records, or name another file: `validation: other.jsonl` in the recipe's `data`"
        raise DataError("train is too small to split validation off:", [problem], hint)
    kept, held_out = split_indices([task.strata(example) for example in train], groups, share, seed)
    parts = {"train": kept, "validation": held_out}
    now = {old: (role, new) for role, part in parts.items() for new, old in enumerate(part)}
    split = {role: train.select(part) for role, part in parts.items()}
    counts = {role: len(part) for role, part in parts.items()}
    counts["kept together as near duplicates"] = sum(len(group) for group in groups if len(group) > 1)
    others = {role: found for role, found in sets.items() if role != "train"}
    moved = [now[index] if role == "train" else (role, index) for role, index in places]
    return {**split, **others}, moved, counts
