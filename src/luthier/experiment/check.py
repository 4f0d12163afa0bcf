"""`luthier check`: everything short of training."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.data import Examples, Splits, load_splits
from luthier.experiment.bench import Bench, require_fitting, token_counter
from luthier.experiment.fit import MEASURED, Prepared, predictor, prepare
from luthier.experiment.recipe import Recipe, check_recipe
from luthier.methods import ParameterCount
from luthier.models import EncodeReport
from luthier.training import Probe, evaluation_count, predict_seconds, probe

if TYPE_CHECKING:
    from transformers import PreTrainedModel

TIMED_RECORDS = 32
"""How many records, a full batch on a CPU, are predicted to measure time and memory."""


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
        return _check(recipe, splits, samples)


def _check(recipe: Recipe, splits: Splits, count: int) -> Check:
    bench = Bench.open(recipe)
    prepared = prepare(bench, splits.train, splits.validation, seed=recipe.seed)
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
    )


def _seconds_a_record(bench: Bench, prepared: Prepared, model: PreTrainedModel, examples: Examples) -> float:
    """Measures the prediction of a few records. An upper bound: untrained answers run on."""
    oracle = predictor(bench, model, bench.recipe.task, prepared.answer_tokens)
    timed = examples[:TIMED_RECORDS]
    started = time.perf_counter()
    for _ in oracle.predict(timed):
        pass
    return (time.perf_counter() - started) / len(timed)
