"""The corridor: one run from a recipe to a folder, stage by stage, readable top to bottom."""

from __future__ import annotations

import logging
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.data import Splits, load_splits
from luthier.evaluation import fit_baselines
from luthier.experiment import manifest as manifests
from luthier.experiment.bench import Bench, require_fitting, token_counter
from luthier.experiment.fit import Prepared, fit, predictor, prepare
from luthier.experiment.folder import FINE_TUNED, RunFolder
from luthier.experiment.recipe import Recipe, check_recipe
from luthier.experiment.repeats import cross_validate, repeat_seeds
from luthier.experiment.scores import metrics_json
from luthier.experiment.stages import data_stage, stage
from luthier.experiment.stages import resume as resume_run
from luthier.experiment.stages import start as start_run
from luthier.files import write_json, write_jsonl
from luthier.models import load_model, save_model
from luthier.training import TrainResult

if TYPE_CHECKING:
    from transformers import PreTrainedModel

logger = logging.getLogger(__name__)

SAVED_SAMPLES = 1000
"""How many rendered training samples `samples.jsonl` holds at most."""

PROGRESS_SECONDS = 10
"""How often long predictions say how far they are."""

ZERO_SHOT = "zero-shot"


def run(recipe: Recipe, output: Path | None = None, *, resume: bool = False) -> RunFolder:
    """Runs a whole experiment: data, training, predictions, scores against baselines.

    Args:
        recipe: What to do.
        output: Folder of the run; None for the recipe's own.
        resume: Continue the unfinished run that stands there.

    Returns:
        The run's folder, complete but for the report.

    Raises:
        UserError: Where recipe, data or model do not fit each other, or there is nothing to resume.
        LuthierError: Where training fails.
    """
    check_recipe(recipe)
    record, folder = _open(recipe, output or recipe.output, resume)
    with data_stage(record, folder, is_resumed=resume):
        splits = load_splits(
            recipe.data,
            recipe.task,
            base_dir=Path.cwd(),
            seed=recipe.seed,
            count_tokens=token_counter(recipe.model, recipe.data.clean),
        )
        require_fitting(recipe, splits.train)
        _save_data(folder, splits)
    with stage(record, folder, "baselines"):
        _predict_baselines(folder, recipe, splits)
    bench = Bench.open(recipe)
    model = load_model(recipe.model)
    if ZERO_SHOT in recipe.evaluation.baselines:
        with stage(record, folder, ZERO_SHOT):
            _predict(bench, model, folder, splits, bench.answer_tokens(splits.train), ZERO_SHOT)
    with stage(record, folder, "samples"):
        prepared = prepare(bench, splits.train, splits.validation, seed=recipe.seed, model=model)
        _save_samples(record, folder, bench, splits, prepared)
    with stage(record, folder, "training"):
        repeats = recipe.evaluation.seeds > 1 or recipe.evaluation.folds > 1
        result = fit(
            bench,
            prepared,
            splits.validation,
            checkpoints=folder.checkpoints,
            resume=resume,
            trunk=folder.trunk if repeats else None,
        )
        save_model(prepared.model, bench.tokenizer, folder.model)
        _record_training(record, folder, prepared, result)
    with stage(record, folder, "predictions"):
        _predict(bench, prepared.model, folder, splits, prepared.answer_tokens, FINE_TUNED)
    with stage(record, folder, "scores"):
        metrics = metrics_json(recipe, folder, splits.tests)
    if recipe.evaluation.seeds > 1:
        with stage(record, folder, "seeds"):
            metrics["seeds"] = repeat_seeds(bench, splits, folder, metrics)
    if recipe.evaluation.folds > 1:
        with stage(record, folder, "cross-validation"):
            metrics["cross_validation"] = cross_validate(bench, splits, folder)
    shutil.rmtree(folder.trunk, ignore_errors=True)
    write_json(folder.metrics, metrics)
    record["finished"] = manifests.now()
    folder.write_manifest(record)
    return folder


def _open(recipe: Recipe, path: Path, is_resumed: bool) -> tuple[dict[str, Any], RunFolder]:
    record = manifests.describe(recipe) | {"seconds": {}}
    if is_resumed:
        folder, record = resume_run(path, record)
    else:
        folder = start_run(path, record)
        recipe.save(folder.recipe)
    return record, folder


def _save_data(folder: RunFolder, splits: Splits) -> None:
    write_jsonl(folder.data / "train.jsonl", splits.train.to_records())
    write_jsonl(folder.data / "validation.jsonl", splits.validation.to_records())
    for name, test in splits.tests.items():
        write_jsonl(folder.gold(name), test.examples.to_records())
    write_jsonl(folder.data / "changes.jsonl", splits.report.changes)
    write_jsonl(folder.data / "dropped.jsonl", splits.report.dropped)
    write_json(folder.data / "report.json", splits.report.to_json())
    logger.info(
        "  %d train, %d validation, %s",
        len(splits.train),
        len(splits.validation),
        ", ".join(f"{len(test.examples)} test/{name}" for name, test in splits.tests.items())
        or "no test set",
    )


def _save_samples(
    record: dict[str, Any], folder: RunFolder, bench: Bench, splits: Splits, prepared: Prepared
) -> None:
    writer = bench.writer()
    examples = splits.train[:SAVED_SAMPLES]
    write_jsonl(folder.samples, (bench.render(writer.sample(example)) for example in examples))
    record["encoded"] = {name: asdict(report) for name, report in prepared.encoded.items()}
    count = prepared.parameters
    logger.info("  training %s of %s parameters (%.2f%%)", count.trainable, count.total, 100 * count.share)


def _predict_baselines(folder: RunFolder, recipe: Recipe, splits: Splits) -> None:
    names = [name for name in recipe.evaluation.baselines if name != ZERO_SHOT]
    for baseline in fit_baselines(names, recipe.task, splits.train, recipe.seed):
        for test_name, test in splits.tests.items():
            predictions = baseline.predict(test.task, test.examples)
            folder.save_predictions(test_name, predictions, baseline.name)


def _predict(
    bench: Bench, model: PreTrainedModel, folder: RunFolder, splits: Splits, answer_tokens: int, source: str
) -> None:
    for name, test in splits.tests.items():
        oracle = predictor(bench, model, test.task, answer_tokens)
        note = _Progress(f"test/{name}", len(test.examples))
        folder.save_predictions(name, oracle.predict(test.examples, progress=note), source)


class _Progress:
    """Says every ten seconds how many records of a set are predicted."""

    def __init__(self, name: str, total: int) -> None:
        self._name, self._total, self._done = name, total, 0
        self._said = time.monotonic()

    def __call__(self, count: int) -> None:
        self._done += count
        if time.monotonic() - self._said >= PROGRESS_SECONDS:
            self._said = time.monotonic()
            logger.info("  %s: %d of %d predicted", self._name, self._done, self._total)


def _record_training(
    record: dict[str, Any], folder: RunFolder, prepared: Prepared, result: TrainResult
) -> None:
    history = [asdict(row) for row in result.history]
    count = prepared.parameters
    record["training"] = {
        "trainable_parameters": count.trainable,
        "total_parameters": count.total,
        "trainable_share": count.share,
        "learning_rate": prepared.learning_rate,
        "answer_tokens": prepared.answer_tokens,
        "steps": result.steps,
        "best_step": result.best_step,
        "best_metric": result.best_metric,
        "seconds": result.seconds,
        "samples_per_second": result.samples_per_second,
        "tokens_per_second": result.tokens_per_second,
        "peak_memory_bytes": result.peak_memory_bytes,
        "engine": result.engine.to_json() if result.engine is not None else None,
    }
    write_json(folder.history, history)
