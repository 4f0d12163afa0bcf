"""`luthier check`: everything short of training."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.data import Examples, Splits, enlarge, load_splits
from luthier.experiment.bench import Bench, require_fitting, token_counter
from luthier.experiment.fit import MEASURED, Prepared, predictor, prepare
from luthier.experiment.folder import RunFolder
from luthier.experiment.recipe import Recipe, check_recipe
from luthier.experiment.self_training.pool import Pool
from luthier.methods import ParameterCount
from luthier.models import EncodeReport
from luthier.training import Probe, evaluation_count, predict_seconds, probe

if TYPE_CHECKING:
    from transformers import PreTrainedModel

TIMED_RECORDS = 32
"""How many records, a full batch on a CPU, are predicted to measure time and memory."""


@dataclass(frozen=True, slots=True)
class SelfTrainingCheck:
    """What self-training would do, as far as it is known beforehand.

    Attributes:
        unlabelled: Records that a teacher would label in each round.
        left_out: Reason to number of records that would not be labelled: they stand in another set, say.
        rounds: At most.
        labelling_seconds: Predicted time of labelling in a round; None where TF-IDF labels, in moments.
    """

    unlabelled: int
    left_out: Mapping[str, int]
    rounds: int
    labelling_seconds: float | None


@dataclass(frozen=True, slots=True)
class Check:
    """What a recipe would do.

    Attributes:
        data: The data report: counts by stage and reason, leaks between splits.
        rendered: The first samples, as `samples.jsonl` would hold them.
        encoded: Split name to tokens, and what truncation cuts from the input.
        chat: Whether samples are laid out with the tokenizer's chat template.
        max_length: Tokens of a whole sample at most; None is no limit.
        parameters: Trainable and total parameters.
        probe: What a few of this recipe's own training steps measured on this machine.
        training_seconds: Predicted time of training, its evaluations included.
        prediction_seconds: Predicted time of predicting the test sets, zero-shot included where asked for.
        self_training: None where the recipe has none. Its rounds, a training each, come on top.
    """

    data: dict[str, Any]
    rendered: list[dict[str, Any]]
    encoded: dict[str, EncodeReport]
    chat: bool
    max_length: int | None
    parameters: ParameterCount
    probe: Probe
    training_seconds: float
    prediction_seconds: float
    self_training: SelfTrainingCheck | None

    @property
    def end_supervised(self) -> bool:
        """Whether every training sample ends with a supervised end token: a model learns to stop."""
        return self.encoded["train"].unended == 0

    def to_json(self) -> dict[str, Any]:
        """Returns the check as JSON values; times in seconds, memory in bytes."""
        return {
            "data": self.data,
            "samples": self.rendered,
            "encoded": {name: asdict(report) for name, report in self.encoded.items()},
            "end_supervised": self.end_supervised,
            "chat": self.chat,
            "max_length": self.max_length,
            "parameters": {**asdict(self.parameters), "share": self.parameters.share},
            "training_seconds": self.training_seconds,
            "prediction_seconds": self.prediction_seconds,
            "peak_memory_bytes": self.probe.peak_memory_bytes,
            "self_training": None if self.self_training is None else asdict(self.self_training),
        }


def check(recipe: Recipe, samples: int = 2) -> Check:
    """Reads the data, renders and encodes every sample, and measures a few real training steps.

    Args:
        recipe: What would be run.
        samples: How many rendered samples to return.

    Raises:
        UserError: With everything that would stop the run.
    """
    check_recipe(recipe)
    with tempfile.TemporaryDirectory(prefix="luthier-check-") as folder:
        splits = load_splits(
            recipe.data,
            recipe.task,
            base_dir=Path.cwd(),
            workdir=Path(folder),
            seed=recipe.seed,
            count_tokens=token_counter(recipe.model, recipe.data.clean),
        )
        require_fitting(recipe, splits.train)
        pool = None
        if recipe.self_training is not None:
            pool = Pool.open(recipe, splits, RunFolder(Path(folder)))
        splits = enlarge(splits, recipe.data.augment, recipe.task, recipe.seed)
        return _check(recipe, splits, pool, samples)


def _check(recipe: Recipe, splits: Splits, pool: Pool | None, count: int) -> Check:
    bench = Bench.open(recipe)
    prepared = prepare(bench, splits.training, splits.validation, seed=recipe.seed)
    each = 0.0

    def predict(model: PreTrainedModel) -> None:
        nonlocal each
        each = _seconds_a_record(bench, prepared, model, splits.train)

    measured = probe(
        prepared.model, bench.tokenizer, prepared.rows["train"], recipe.training, evaluate=predict
    )
    evaluations = evaluation_count(prepared.rows["train"], recipe.training)
    passes = 1 + ("zero-shot" in recipe.evaluation.baselines)
    writer = bench.writer()
    return Check(
        data=splits.report.to_json(),
        rendered=[
            bench.render(writer.sample(splits.train[number]))
            for number in range(min(count, len(splits.train)))
        ],
        encoded=prepared.encoded,
        chat=bench.chat is not None,
        max_length=prepared.max_length,
        parameters=prepared.parameters,
        probe=measured,
        training_seconds=predict_seconds(
            measured, prepared.rows["train"], recipe.training, prepared.rows["validation"]
        )
        + evaluations * min(MEASURED, len(splits.validation)) * each,
        prediction_seconds=passes * sum(len(test.examples) for test in splits.tests.values()) * each,
        self_training=None if pool is None else _check_self_training(recipe, pool, each),
    )


def _check_self_training(recipe: Recipe, pool: Pool, each: float) -> SelfTrainingCheck:
    options = recipe.self_training
    assert options is not None, "only called with a pool"
    count = len(pool.examples)
    seconds = count * each if options.teacher == "model" else None
    return SelfTrainingCheck(count, pool.left_out, options.rounds, seconds)


def _seconds_a_record(bench: Bench, prepared: Prepared, model: PreTrainedModel, examples: Examples) -> float:
    """Measures the prediction of a few records. An upper bound: untrained answers run on."""
    oracle = predictor(bench, model, bench.recipe.task, prepared.answer_tokens)
    timed = examples[:TIMED_RECORDS]
    started = time.perf_counter()
    for _ in oracle.predict(timed):
        pass
    return (time.perf_counter() - started) / len(timed)
