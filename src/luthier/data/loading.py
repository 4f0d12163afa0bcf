"""The recipe's files as splits: read, checked all at once, split without leaks, compared with test sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from luthier.data.augmenting import Augmented, AugmentReport
from luthier.data.duplicates import Duplicates, content, find_duplicates
from luthier.data.examples import Examples
from luthier.data.leaks import Leak, find_leaks
from luthier.data.options import DataOptions, ReadOptions, TestOptions
from luthier.data.reading import ReadReport, read_examples
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
        leaks: Every held-out record that was seen in training. They are reported, not removed.
        dropped: Records that a stage left out, each with its reason. Loading leaves out none.
        augmented: What augmentation made; None where the recipe asks for none.
    """

    files: Mapping[str, ReadReport] = field(default_factory=dict)
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    leaks: Sequence[Leak] = ()
    dropped: Sequence[Mapping[str, Any]] = ()
    augmented: AugmentReport | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns the report as a JSON value."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Splits:
    """Everything that a run reads, and the copies that it makes of its training examples.

    Attributes:
        train: The training examples as they were read.
        validation: What the checkpoint is chosen by.
        tests: The test sets by name.
        unlabelled: Records without a target, if there are any.
        report: What loading did.
        augmented: Varied copies of `train`; None where the recipe asks for none.
    """

    train: Examples
    validation: Examples
    tests: Mapping[str, TestSet]
    unlabelled: Examples | None
    report: DataReport
    augmented: Augmented | None = None

    @property
    def training(self) -> Examples:
        """What a model learns from: the training examples and all their copies."""
        return self.with_copies(self.train)

    def with_copies(self, examples: Examples) -> Examples:
        """Returns some of the training examples, and after them the copies of these and of no others."""
        if self.augmented is None:
            return examples
        return examples.joined(self.augmented.of([example.id for example in examples]))


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
    options: DataOptions, task: Task, *, base_dir: Path, workdir: Path | None = None, seed: int = 0
) -> Splits:
    """Reads every file of the recipe and splits off validation.

    Args:
        options: The recipe's `data` section.
        task: The recipe's `task` section.
        base_dir: The recipe's folder.
        workdir: Folder for the Arrow files; None for a temporary one.
        seed: Decides which records become validation.

    Raises:
        RecipeError: Where a test set overrides the task wrongly.
        DataError: With the problems of all files together.
    """
    tasks = {name: test_task(task, name, entry) for name, entry in options.tests.items()}
    reader = _Reader(base_dir, workdir)
    reader.read("train", options.train, task, options.reading("train"))
    if isinstance(options.validation, str):
        reader.read("validation", options.validation, task, options.reading("validation"))
    for name, entry in options.tests.items():
        reader.read(f"test/{name}", entry.path, tasks[name], options.reading("test", entry))
    if options.unlabelled is not None:
        reading = options.reading("unlabelled")
        reader.read("unlabelled", options.unlabelled, task, reading, labelled=False)
    reader.finish()
    sets = {role: examples for role, examples in reader.sets.items() if role != "unlabelled"}
    texts = [content(example) for examples in sets.values() for example in examples]
    duplicates = find_duplicates(texts)
    counts: dict[str, dict[str, int]] = {"read": {role: len(found) for role, found in reader.sets.items()}}
    places = [(role, index) for role, examples in sets.items() for index in range(len(examples))]
    if not isinstance(options.validation, str):
        sets, places, counts["split"] = _split(sets, places, task, duplicates, options.validation, seed)
    leaks = find_leaks(sets, places, duplicates)
    counts["leak"] = dict(Counter(f"{i.held_out}, {'equal' if i.similarity == 1 else 'near'}" for i in leaks))
    tests = {
        name: TestSet(tasks[name], sets[f"test/{name}"], entry.path) for name, entry in options.tests.items()
    }
    report = DataReport(reader.reports, counts, leaks)
    return Splits(sets["train"], sets["validation"], tests, reader.sets.get("unlabelled"), report)


class _Reader:
    """Reads file after file and keeps the problems of all of them."""

    def __init__(self, base_dir: Path, workdir: Path | None) -> None:
        self._base_dir = base_dir
        self._workdir = workdir
        self._errors: list[DataError] = []
        self.sets: dict[str, Examples] = {}
        self.reports: dict[str, ReadReport] = {}

    def read(self, role: str, path: str, task: Task, reading: ReadOptions, labelled: bool = True) -> None:
        try:
            self.sets[role], self.reports[role] = read_examples(
                path,
                task,
                reading,
                base_dir=self._base_dir,
                labelled=labelled,
                workdir=self._workdir,
                name=role.replace("/", "-"),
            )
        except DataError as error:
            self._errors.append(error)

    def finish(self) -> None:
        if not self._errors:
            return
        if len(self._errors) == 1:
            raise self._errors[0]
        total = sum(error.total for error in self._errors)
        problems = [problem for error in self._errors for problem in error.problems]
        hint = next((error.hint for error in self._errors if error.hint), "")
        raise DataError(f"{total} problems in {len(self._errors)} files:", problems, hint, total)


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
