"""What `metrics.json` says of self-training: its rounds, and the model that learnt from gold alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from luthier.data import TestSet
from luthier.evaluation import compare, evaluate
from luthier.experiment.folder import RunFolder
from luthier.experiment.recipe import Recipe
from luthier.experiment.self_training.rounds import GOLD_ONLY
from luthier.files import read_jsonl
from luthier.inference.prediction import Prediction


def self_training_scores(recipe: Recipe, folder: RunFolder, tests: Mapping[str, TestSet]) -> dict[str, Any]:
    """Scores the gold-only model beside the one that stayed.

    Returns:
        Nothing where the recipe has no self-training. Else `gold_only`: test set to metrics and details, as
        of a baseline; `self_training`: what `summary.json` says, and `comparisons`: test set to metric to
        the paired difference (the model that stayed minus gold-only) with interval and p value, empty where
        the gold-only model stayed.
    """
    if recipe.self_training is None:
        return {}
    summary = folder.read(folder.self_training / "summary.json")
    gold_only: dict[str, Any] = {}
    comparisons: dict[str, Any] = {}
    for name, test in tests.items():
        key = f"test/{name}"
        ours = folder.load_predictions(name)
        theirs = ours
        if summary["kept"] != GOLD_ONLY:
            theirs = [Prediction.from_row(row) for row in read_jsonl(folder.gold_only_predictions(name))]
            found = compare(test.task, test.examples, ours, theirs, recipe.evaluation, recipe.seed)
            comparisons[key] = {metric: item.to_json() for metric, item in found.items()}
        scores = evaluate(test.task, test.examples, theirs, recipe.evaluation, recipe.seed)
        gold_only[key] = scores.to_json()
    return {"gold_only": gold_only, "self_training": {**summary, "comparisons": comparisons}}
