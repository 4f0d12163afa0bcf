"""`luthier compare`: runs side by side on the test sets they share, with paired significance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from luthier.data import test_task
from luthier.errors import UserError
from luthier.evaluation import compare
from luthier.experiment.folder import RunFolder, open_run
from luthier.experiment.recipe import Recipe, load_recipe


def compare_runs(paths: Sequence[Path]) -> dict[str, Any]:
    """Compares runs on every test set that all of them share (same name, same records).

    Returns:
        `runs`: the paths; `tests`: per test set `n`, the `primary` metric, each run's `metrics`, the
        `confidence` of the first run's intervals and of those of the differences, and for each run but the
        first its paired difference to the first by metric (`against_first`).

    Raises:
        UserError: Where fewer than two runs are given, tasks differ, or no test set is shared.
    """
    if len(paths) < 2:
        raise UserError("Comparing needs at least two runs.", "luthier compare runs/a runs/b")
    folders = [open_run(path) for path in paths]
    recipes = [load_recipe(folder.recipe, inputs=False) for folder in folders]
    types = {recipe.task.type for recipe in recipes}
    if len(types) > 1:
        raise UserError(
            f"The runs solve different tasks ({', '.join(sorted(types))}).", "Compare runs of one task."
        )
    tests = [name for name in recipes[0].data.tests if _is_shared(name, folders)]
    if not tests:
        raise UserError(
            "The runs share no test set with the same records.",
            "Score each on the same file: luthier evaluate RUN --data FILE",
        )
    return {
        "runs": [str(path) for path in paths],
        "tests": {name: _compare(name, folders, recipes) for name in tests},
    }


def _is_shared(name: str, folders: Sequence[RunFolder]) -> bool:
    if not all(folder.gold(name).exists() for folder in folders):
        return False
    first, *others = (
        [(item.id, item.text, item.target) for item in folder.load_examples(name)] for folder in folders
    )
    return all(other == first for other in others)


def _compare(name: str, folders: Sequence[RunFolder], recipes: Sequence[Recipe]) -> dict[str, Any]:
    recipe = recipes[0]
    task = test_task(recipe.task, name, recipe.data.tests[name])
    examples = folders[0].load_examples(name)
    first, *others = [folder.load_predictions(name) for folder in folders]
    differences = [compare(task, examples, other, first, recipe.evaluation, recipe.seed) for other in others]
    return {
        "n": len(examples),
        "primary": task.primary_metric,
        "confidence": recipe.evaluation.confidence,
        "metrics": [folder.read(folder.metrics)[f"test/{name}"] for folder in folders],
        "against_first": [
            None,
            *({metric: item.to_json() for metric, item in found.items()} for found in differences),
        ],
    }
