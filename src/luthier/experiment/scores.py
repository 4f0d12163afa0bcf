"""`metrics.json`: every score with its interval, of the fine-tuned model and of each baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from luthier.data import TestSet
from luthier.evaluation import compare, evaluate
from luthier.experiment.folder import FINE_TUNED, RunFolder
from luthier.experiment.recipe import Recipe


def metrics_json(recipe: Recipe, folder: RunFolder, tests: Mapping[str, TestSet]) -> dict[str, Any]:
    """Scores every prediction file of a run.

    Returns:
        `primary`: name of the metric that verdicts look at. `test/<name>`: metric to {value, low, high} of
        the fine-tuned model. `details`: per test set n, scores by field, confusion, format errors.
        `baselines`: baseline to test set to metrics and details. `comparisons`: test set to baseline to
        metric to the paired difference (fine-tuned minus baseline) with interval and p value.
    """
    result: dict[str, Any] = {
        "primary": recipe.task.primary_metric,
        "details": {},
        "baselines": {},
        "comparisons": {},
    }
    for name, test in tests.items():
        key = f"test/{name}"
        result["comparisons"][key] = {}
        ours = folder.load_predictions(name)
        scores = _scores(recipe, folder, name, test, FINE_TUNED)
        result[key] = scores.pop("metrics")
        result["details"][key] = scores
        for baseline in folder.baselines(name):
            result["baselines"].setdefault(baseline, {})[key] = _scores(recipe, folder, name, test, baseline)
            theirs = folder.load_predictions(name, baseline)
            found = compare(test.task, test.examples, ours, theirs, recipe.evaluation, recipe.seed)
            result["comparisons"][key][baseline] = {metric: item.to_json() for metric, item in found.items()}
    return result


def _scores(recipe: Recipe, folder: RunFolder, name: str, test: TestSet, source: str) -> dict[str, Any]:
    predictions = folder.load_predictions(name, source)
    return evaluate(test.task, test.examples, predictions, recipe.evaluation, recipe.seed).to_json()
