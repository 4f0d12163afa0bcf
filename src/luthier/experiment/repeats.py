"""How steady a result is: the same recipe over several seeds, and cross-validation over the training set."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping, Sequence
from statistics import mean, stdev
from typing import Any

from luthier.data import Splits
from luthier.evaluation import Scores, evaluate
from luthier.experiment.bench import Bench
from luthier.experiment.fit import Prepared, fit, predictor, prepare
from luthier.experiment.folder import RunFolder
from luthier.experiment.folds import fold_positions
from luthier.files import write_jsonl
from luthier.inference.prediction import Prediction
from luthier.tasks import Task
from luthier.tasks.example import Example

logger = logging.getLogger(__name__)


def repeat_seeds(bench: Bench, splits: Splits, folder: RunFolder, first: Mapping[str, Any]) -> dict[str, Any]:
    """Trains again with the seeds that follow the recipe's and scores every test set.

    Args:
        bench: Tokenizer and layout.
        splits: The run's splits; they stay the same, so that the spread is that of training alone.
        folder: Takes the checkpoints (removed afterwards) and the predictions of each seed.
        first: `metrics.json` of the recipe's own seed.

    Returns:
        `seeds`: the seeds; `test/<name>`: metric to its values in that order, their mean and standard
        deviation.
    """
    recipe = bench.recipe
    seeds = [recipe.seed + number for number in range(recipe.evaluation.seeds)]
    values: dict[str, dict[str, list[float]]] = {
        f"test/{name}": {metric: [score["value"]] for metric, score in first[f"test/{name}"].items()}
        for name in splits.tests
    }
    for seed in seeds[1:]:
        logger.info("  seed %d", seed)
        prepared = _train(bench, folder, splits.training, splits.validation, seed)
        for name, test in splits.tests.items():
            predictions = _predict(bench, prepared, test.task, test.examples)
            write_jsonl(folder.seed_predictions(name, seed), (item.to_row() for item in predictions))
            scores = _score(bench, test.task, test.examples, predictions, intervals=False)
            for metric, known in values[f"test/{name}"].items():
                if metric in scores.metrics:
                    known.append(scores.metrics[metric].value)
    summaries = {
        test: {metric: _summary(found) for metric, found in metrics.items() if len(found) == len(seeds)}
        for test, metrics in values.items()
    }
    return {"seeds": seeds, **summaries}


def cross_validate(bench: Bench, splits: Splits, folder: RunFolder) -> dict[str, Any]:
    """Trains on all folds but one, predicts that one, and scores the predictions for the whole training set.

    Folds are stratified and keep near duplicates together, and records of one `data.group`. The run's
    validation set chooses the checkpoint in every fold, so that no fold is chosen by what it is scored on.
    Copies that augmentation made go with their originals, and are themselves never held out.

    Returns:
        The scores of the out-of-fold predictions with intervals, and `folds`: metric to its value by fold.
    """
    recipe = bench.recipe
    examples = splits.train
    predictions: dict[int, Prediction] = {}
    by_fold: dict[str, list[float]] = {}
    by_group = recipe.data.group is not None
    folds = fold_positions(recipe.task, examples, recipe.evaluation.folds, recipe.seed, by_group=by_group)
    for number, held_out in enumerate(folds, 1):
        logger.info("  fold %d of %d", number, recipe.evaluation.folds)
        inside = set(held_out)
        kept = examples.select(index for index in range(len(examples)) if index not in inside)
        fold = examples.select(held_out)
        prepared = _train(bench, folder, splits.with_copies(kept), splits.validation, recipe.seed)
        found = _predict(bench, prepared, recipe.task, fold)
        predictions.update(zip(held_out, found, strict=True))
        scores = _score(bench, recipe.task, fold, found, intervals=False)
        for metric, score in scores.metrics.items():
            by_fold.setdefault(metric, []).append(score.value)
    ordered = [predictions[index] for index in range(len(examples))]
    write_jsonl(folder.cross_validation, (item.to_row() for item in ordered))
    return {**_score(bench, recipe.task, examples, ordered).to_json(), "folds": by_fold}


def _train(
    bench: Bench, folder: RunFolder, train: Sequence[Example], validation: Sequence[Example], seed: int
) -> Prepared:
    checkpoints = folder.path / "repeat"
    prepared = prepare(bench, train, validation, seed=seed)
    fit(bench, prepared, validation, checkpoints=checkpoints, trunk=folder.trunk)
    shutil.rmtree(checkpoints)
    return prepared


def _predict(bench: Bench, prepared: Prepared, task: Task, examples: Sequence[Example]) -> list[Prediction]:
    oracle = predictor(bench, prepared.model, task, prepared.answer_tokens)
    return list(oracle.predict(examples))


def _score(
    bench: Bench,
    task: Task,
    examples: Sequence[Example],
    predictions: Sequence[Prediction],
    *,
    intervals: bool = True,
) -> Scores:
    options = bench.recipe.evaluation
    if not intervals:
        options = options.model_copy(update={"bootstrap": 0})
    return evaluate(task, examples, predictions, options, bench.recipe.seed)


def _summary(values: Sequence[float]) -> dict[str, Any]:
    return {"values": list(values), "mean": mean(values), "sd": stdev(values)}
