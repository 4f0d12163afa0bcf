"""What can be told about the `data` section before anything is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from luthier.augment import Augmenter
from luthier.augment.any import files_of
from luthier.data.augmenting.stage import NO_OPEN_ANSWERS
from luthier.data.dialogues import DIALOGUE_COLUMNS
from luthier.data.loading import test_task
from luthier.data.options import DataOptions
from luthier.data.raw import SourceError
from luthier.data.sources import resolve
from luthier.errors import Problem, RecipeError
from luthier.tasks import Generation, Task
from luthier.tasks.record import COMMON_COLUMNS, listed
from luthier.text import nearest


def check(options: DataOptions, task: Task, base_dir: Path) -> list[Problem]:
    """Returns what is wrong with the section: missing files, unknown columns and labels, wrong overrides.

    `field` is the dotted key in the recipe (`data.test.ood`), so that the recipe can add the line.
    """
    paths = {"data.train": options.train, "data.unlabelled": options.unlabelled}
    if isinstance(options.validation, str):
        paths["data.validation"] = options.validation
    problems: list[Problem] = []
    for name, entry in options.tests.items():
        field = "data.test" if isinstance(options.test, str) else f"data.test.{name}"
        paths[field] = entry.path
        try:
            own = test_task(task, name, entry)
        except RecipeError as error:
            problems += error.problems
        else:
            problems += _check_columns(entry.columns or {}, own, f"{field}.columns")
            problems += _check_labels(entry.label_map or {}, own, f"{field}.label_map")
    for field, path in paths.items():
        try:
            if path is not None:
                resolve(path, base_dir)
        except SourceError as error:
            found = error.problem
            problems.append(Problem(f"{found.message}: {found.file}", field=field, hint=found.hint))
    problems += _check_augment(options.augment, task, base_dir)
    problems += _check_columns(options.columns, task, "data.columns")
    if why := options.balance.refuses(task):
        hint = (
            "use `none`" if "no classes" in why else "use `weights`, which counts the mean over its classes"
        )
        problems.append(Problem(f"{options.balance.type!r}: {why}", field="data.balance", hint=hint))
    return problems + _check_labels(options.label_map, task, "data.label_map")


def _check_augment(augmenters: Sequence[Augmenter], task: Task, base_dir: Path) -> list[Problem]:
    problems = []
    if augmenters and isinstance(task, Generation):
        hint = "take `augment` out, or add records of your own"
        problems.append(Problem(NO_OPEN_ANSWERS, field="data.augment", hint=hint))
    for number, augmenter in enumerate(augmenters):
        for name, path in files_of(augmenter):
            if not (base_dir / path).exists():
                field = f"data.augment[{number}].{name}"
                problems.append(Problem(f"no such file: {path}", field=field, hint="correct its path"))
    return problems


def _check_columns(columns: dict[str, str], task: Task, field: str) -> list[Problem]:
    known = [*task.columns, *COMMON_COLUMNS]
    problems = []
    for ours, theirs in columns.items():
        if ours in known or ("history" in task.columns and ours in DIALOGUE_COLUMNS):
            continue
        guess = nearest(ours, known)
        hint = f"did you mean {guess!r}?" if guess else ""
        if theirs in known:
            hint = f"our name comes first: `{theirs}: {ours}`"
        problems.append(
            Problem(
                f"no column of this task is called {ours!r}", field=field, allowed=listed(known), hint=hint
            )
        )
    return problems


def _check_labels(names: dict[str, str], task: Task, field: str) -> list[Problem]:
    labels = list(dict.fromkeys(label for part in task.schema().fields for label in part.labels))
    extraction = [part.name for part in task.schema().fields if part.kind == "strings"]
    known = [
        *(labels or extraction),
        *[part.unmentioned for part in task.schema().fields[:1] if part.unmentioned],
    ]
    problems = []
    for theirs, ours in names.items():
        if ours not in known:
            guess = nearest(ours, known)
            hint = f"did you mean {guess!r}?" if guess else ""
            if theirs in known:
                hint = f"their label comes first: `{ours}: {theirs}`"
            problems.append(
                Problem(f"{ours!r} is not in the label space", field=field, allowed=listed(known), hint=hint)
            )
    return problems
