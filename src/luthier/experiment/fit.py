"""One fine-tuning: examples and a base model in, trained weights out. Folds and seeds call it again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.data import BalanceReport
from luthier.evaluation import evaluate
from luthier.experiment.bench import Bench
from luthier.inference import Predictor
from luthier.methods import ParameterCount, count_parameters
from luthier.models import EncodeReport, encode_all, load_model
from luthier.tasks import Task
from luthier.tasks.example import Example
from luthier.training import TrainResult, check_tokens, max_length, train

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel


MEASURED = 200
"""How many validation records, evenly spread, are predicted at each evaluation to measure metrics."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that training needs, before the first step.

    Attributes:
        model: With the method applied, a PEFT wrapper for adapters.
        max_length: Tokens of a whole sample; None is no limit.
        rows: Encoded samples of `train` and `validation`.
        encoded: What encoding found in each.
        parameters: Trainable and total parameters.
        answer_tokens: Tokens that an answer may need, EOS included.
        learning_rate: Peak learning rate.
        seed: Of adapter weights, wordings and the order of batches.
        balance: What was done about rare classes of train.
    """

    model: PreTrainedModel
    max_length: int | None
    rows: dict[str, Dataset]
    encoded: dict[str, EncodeReport]
    parameters: ParameterCount
    answer_tokens: int
    learning_rate: float
    seed: int
    balance: BalanceReport


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that has learnt the task.

    Attributes:
        model: As `prepare` wrapped it, or as it was loaded again.
        answer_tokens: Tokens that an answer may need, EOS included.
    """

    model: PreTrainedModel
    answer_tokens: int


def prepare(
    bench: Bench,
    train_examples: Sequence[Example],
    validation_examples: Sequence[Example],
    *,
    seed: int,
    model: PreTrainedModel | None = None,
) -> Prepared:
    """Applies the method to the base model, balances what it learns from, and encodes the samples.

    Args:
        bench: Tokenizer and layout.
        train_examples: What the weights learn from.
        validation_examples: What the best checkpoint is chosen by; may be empty.
        seed: As in `Prepared`.
        model: The base model where it is loaded already; it is changed in place.

    Raises:
        UserError: Where method and model do not fit, or the tokenizer is another model's.
        DataError: Where a sample does not fit the model and the recipe does not say what to cut.
    """
    from transformers import set_seed

    recipe, writer = bench.recipe, bench.writer(seed=seed)
    set_seed(seed)  # a new adapter draws its weights
    model = recipe.method.apply(model if model is not None else load_model(recipe.model))
    limit = max_length(model, recipe.training)
    balanced, balance = recipe.data.balance.apply(recipe.task, train_examples, seed)
    rows, reports = {}, {}
    for name, examples in (("train", balanced), ("validation", validation_examples)):
        samples = (writer.sample(example) for example in examples)
        rows[name], reports[name] = encode_all(
            samples, bench.tokenizer, max_length=limit, truncate=recipe.training.truncate
        )
    check_tokens(model, rows["train"])
    parameters = count_parameters(model)
    rate = recipe.training.learning_rate
    return Prepared(
        model=model,
        max_length=limit,
        rows=rows,
        encoded=reports,
        parameters=parameters,
        answer_tokens=bench.answer_tokens(train_examples),
        learning_rate=recipe.method.learning_rate(parameters.total) if rate == "auto" else float(rate),
        seed=seed,
        balance=balance,
    )


def fit(
    bench: Bench,
    prepared: Prepared,
    validation_examples: Sequence[Example],
    *,
    checkpoints: Path,
    resume: bool = False,
    trunk: Path | None = None,
) -> TrainResult:
    """Trains `prepared.model` in place.

    Args:
        bench: Tokenizer and layout.
        prepared: What `prepare` made.
        validation_examples: What the metrics that choose the best weights are measured on.
        checkpoints: Folder of the checkpoints.
        resume: Whether to continue from the newest checkpoint there.
        trunk: Folder for what frozen layers compute, where other trainings share it.

    Raises:
        LuthierError: Where the loss is no number any more.
    """
    return train(
        prepared.model,
        bench.tokenizer,
        prepared.rows["train"],
        prepared.rows["validation"] if validation_examples else None,
        options=bench.recipe.training,
        learning_rate=prepared.learning_rate,
        output_dir=checkpoints,
        seed=prepared.seed,
        resume=resume,
        evaluate=_scorer(bench, prepared, validation_examples),
        trunk=trunk,
    )


def training_record(prepared: Prepared, result: TrainResult) -> dict[str, Any]:
    """Returns what the manifest says of a training."""
    count = prepared.parameters
    return {
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


def predictor(
    bench: Bench, model: PreTrainedModel, task: Task, budget: int, seed: int | None = None
) -> Predictor:
    """Returns a predictor over a task's label space.

    Args:
        bench: Tokenizer and layout.
        model: What predicts.
        task: The recipe's, or that of a test set with a label space of its own.
        budget: Tokens that an answer over the recipe's label space may need.
        seed: Of the wordings; None for the recipe's.
    """
    return Predictor(
        model,
        bench.tokenizer,
        bench.writer(task, seed),
        task,
        max_length=max_length(model, bench.recipe.training) or sys.maxsize,
        # More fields need longer answers, in proportion.
        max_new_tokens=ceil(budget * max(1.0, _fields(task) / _fields(bench.recipe.task))),
    )


def _fields(task: Task) -> int:
    return len(task.schema().fields)


def _scorer(
    bench: Bench, prepared: Prepared, examples: Sequence[Example]
) -> Callable[[PreTrainedModel], dict[str, float]] | None:
    """Returns what scores the model on the validation set while it trains, the task's primary metric first.

    The loss alone would keep weights of too early an epoch: on small data it rises, as wrong answers grow
    more certain, while more and more answers are right.
    """
    stopping = bench.recipe.training.early_stopping
    if not examples or (stopping is not None and stopping.metric == "loss"):
        return None
    measured = examples[:: ceil(len(examples) / MEASURED)]
    task, options = bench.recipe.task, bench.recipe.evaluation.model_copy(update={"bootstrap": 0})

    def score(model: PreTrainedModel) -> dict[str, float]:
        oracle = predictor(bench, model, task, prepared.answer_tokens, prepared.seed)
        scores = evaluate(task, measured, list(oracle.predict(measured)), options, seed=prepared.seed)
        primary = task.primary_metric
        names = [primary, *(name for name in scores.metrics if name != primary)]
        return {name: scores.metrics[name].value for name in names if name in scores.metrics}

    return score
