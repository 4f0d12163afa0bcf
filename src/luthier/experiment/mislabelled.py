"""The list of probably wrong labels: out-of-fold predictions, judged, written for a person to decide on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from luthier.data import CleanOptions, content, read_examples
from luthier.data.cleaning import mend_example
from luthier.data.mislabelled import MislabelledReport, Suspect, rank_answers, rank_labels, rank_spans
from luthier.errors import UserError
from luthier.evaluation.baselines import Tfidf
from luthier.experiment.folder import RunFolder, open_run
from luthier.experiment.folds import fold_positions
from luthier.experiment.recipe import load_recipe, load_task
from luthier.experiment.tagger import TokenTagger
from luthier.files import read_jsonl, write_jsonl
from luthier.inference.prediction import Prediction
from luthier.tasks import Extraction, Task
from luthier.tasks.example import Example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

TFIDF = "tfidf"
FOLDS = 5
"""Folds of the default judge: each of its parts learns from four fifths of the examples."""


def find_wrong_labels(
    task: Task,
    examples: Sequence[Example],
    *,
    folds: int = FOLDS,
    seed: int = 0,
    model: str = TFIDF,
    by_group: bool = False,
) -> list[Suspect]:
    """Returns the examples whose labels are probably wrong, the surest first.

    Every example is judged by a model that did not learn it. `tfidf` is trained on the other folds (entities:
    a logistic regression over tokens); a run has done so itself where its recipe has `evaluation.folds`.

    Args:
        task: Classification, aspects or extraction.
        examples: Labelled.
        folds: How many, at least 2; of `tfidf` alone.
        seed: Decides the folds and the order in which tokens are learnt.
        model: `tfidf`, or the folder of a finished run that was cross-validated. Examples that are not among
            those it was trained on are not judged.
        by_group: Whether examples of one `group` stay in one fold; of `tfidf` alone.

    Raises:
        UserError: Where the task has no labels, there are too few examples, or the run has not judged them.
    """
    return _find(task, examples, folds, seed, model, by_group)[0]


def write_wrong_labels(
    data: str,
    task_file: Path,
    output: Path,
    *,
    model: str = TFIDF,
    folds: int = FOLDS,
    seed: int = 0,
) -> MislabelledReport:
    """Reads labelled records and writes the list of probably wrong labels, one JSON object a line.

    A person sets `decision` of each line to accept, keep or drop; `luthier clean --corrections` applies them.

    Args:
        data: File, saved dataset folder or hub id, relative to the working directory.
        task_file: A YAML file with the recipe's `task`, and the names in its `data`; a whole recipe will do.
        output: The list; written anew, also where nothing is doubted.
        model: As in `find_wrong_labels`.
        folds: As in `find_wrong_labels`.
        seed: As in `find_wrong_labels`.

    Raises:
        UserError: As `find_wrong_labels`, and where a file cannot be read.
        DataError: With every bad record.
        RecipeError: With every problem of the task file.
    """
    file = load_task(task_file)
    task, group = file.task, file.data.group
    examples, _ = read_examples(data, task, file.data.with_group(group), base_dir=Path.cwd())
    suspects, judged = _find(task, examples, folds, seed, model, group is not None)
    write_jsonl(output, (suspect.to_row() for suspect in suspects))
    return MislabelledReport.of(suspects, model=model, examples=judged, unjudged=len(examples) - judged)


def _find(
    task: Task, examples: Sequence[Example], folds: int, seed: int, model: str, by_group: bool
) -> tuple[list[Suspect], int]:
    """Returns the suspects and how many examples were judged."""
    if task.schema().fields[0].kind == "text":
        raise UserError(
            f"A task of type {task.type!r} has no labels that could be wrong.",
            "Wrong labels are found for classification, aspects and extraction.",
        )
    if model != TFIDF:
        judged = _run_predictions(task, examples, open_run(Path(model)))
        return _judge_run(task, judged), len(judged.examples)
    examples = list(examples)
    parts = list(fold_positions(task, examples, folds, seed, by_group=by_group))
    if isinstance(task, Extraction):
        return _judge_tokens(task, examples, parts, seed), len(examples)
    probabilities = [item.probabilities for item in _out_of_fold(task, examples, parts, seed)]
    return rank_labels(task, examples, probabilities), len(examples)


def _out_of_fold(
    task: Task, examples: Sequence[Example], parts: Sequence[Sequence[int]], seed: int
) -> list[Prediction]:
    found: dict[int, Prediction] = {}
    for number, held_out in enumerate(parts, 1):
        logger.info("  fold %d of %d", number, len(parts))
        inside = set(held_out)
        learnt = [example for index, example in enumerate(examples) if index not in inside]
        predictions = Tfidf(task, learnt, seed).predict(task, [examples[index] for index in held_out])
        found.update(zip(held_out, predictions, strict=True))
    return [found[index] for index in range(len(examples))]


def _judge_tokens(
    task: Extraction, examples: Sequence[Example], parts: Sequence[Sequence[int]], seed: int
) -> list[Suspect]:
    tagger = TokenTagger(task, examples, seed)
    found: dict[int, NDArray[np.float64]] = {}
    for number, held_out in enumerate(parts, 1):
        logger.info("  fold %d of %d", number, len(parts))
        inside = set(held_out)
        learnt = [index for index in range(len(examples)) if index not in inside]
        found.update(zip(held_out, tagger.probabilities(learnt, held_out), strict=True))
    return rank_spans(task, examples, [found[index] for index in range(len(examples))])


@dataclass(frozen=True, slots=True)
class _Judged:
    """Examples with what a run predicted for each of them without having learnt it."""

    examples: list[Example]
    predictions: list[Prediction]


def _run_predictions(task: Task, examples: Sequence[Example], folder: RunFolder) -> _Judged:
    """Looks up the out-of-fold predictions of a run, by id and (clean) text.

    Raises:
        UserError: Where the run was not cross-validated, has other labels, or knows none of the records.
    """
    recipe = load_recipe(folder.recipe, inputs=False)
    if not folder.cross_validation.exists():
        raise UserError(
            f"The run {folder.path} has no out-of-fold predictions: its model learnt what it would judge.",
            "Run its recipe with `--set evaluation.folds=5`, or judge with `tfidf`.",
        )
    if recipe.task.schema() != task.schema():
        raise UserError(
            f"The run {folder.path} predicts other labels than the task file has.",
            f"Give the run's own recipe as task file: {folder.recipe}",
        )
    rows = zip(read_jsonl(folder.data / "train.jsonl"), read_jsonl(folder.cross_validation), strict=True)
    known = {(row["id"], _text(row)): Prediction.from_row(found) for row, found in rows}
    rules = recipe.data.clean
    places = [(item, known.get((item.id, content(_as_learnt(task, item, rules))))) for item in examples]
    judged = [(example, prediction) for example, prediction in places if prediction is not None]
    if not judged:
        raise UserError(
            f"None of the records is among those that the run {folder.path} was trained on.",
            "Records are found by id and text: give the recipe's `train` file, unchanged.",
        )
    return _Judged([example for example, _ in judged], [prediction for _, prediction in judged])


def _as_learnt(task: Task, example: Example, rules: CleanOptions) -> Example:
    """Returns an example as the run's cleaning left it."""
    # What a run says of entities has places in the clean text, which are not those of another.
    return example if isinstance(task, Extraction) else mend_example(example, task, rules)[0]


def _text(row: dict[str, str]) -> str:
    return content(Example(row["id"], row["text"], text_pair=row.get("text_pair")))


def _judge_run(task: Task, judged: _Judged) -> list[Suspect]:
    """Ranks by probabilities where the run has them for every field, else by confidence in its answers."""
    names = {field.name for field in task.schema().fields}
    if all(names <= item.probabilities.keys() for item in judged.predictions):
        return rank_labels(task, judged.examples, [item.probabilities for item in judged.predictions])
    # An answer without a confidence could not be read; it says nothing against the label.
    sure = [item.confidence or 0.0 for item in judged.predictions]
    values = [item.value for item in judged.predictions]
    pairs = [
        (example, (value, p))
        for example, value, p in zip(judged.examples, values, sure, strict=True)
        if p > 0
    ]
    return rank_answers(task, [example for example, _ in pairs], [answer for _, answer in pairs])
