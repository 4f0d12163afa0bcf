"""`luthier score`: predictions made anywhere, scored as a run's own would be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from luthier.data import ReadOptions, read_examples
from luthier.design import SampleWriter
from luthier.evaluation import EvaluationOptions, evaluate, join_predictions
from luthier.experiment.recipe import load_task


def score(task_file: Path, gold: Path, predictions: Path) -> dict[str, Any]:
    """Scores predictions against gold records.

    Args:
        task_file: YAML with `task` and, where the predictions are raw text, `design`.
        gold: Labelled records.
        predictions: JSON lines of `{"id"?, "text": raw}` or `{"id"?, "value": target}`, joined by `id` where
            both files have one, else by line.

    Returns:
        `n`, `metrics` (name to value), `intervals`, `format_errors` (count, kinds), `by_field`, `reading`.

    Raises:
        UserError: Where a file is missing, or does not fit the task or the other file.
    """
    file = load_task(task_file)
    examples, _ = read_examples(str(gold), file.task, ReadOptions(), base_dir=Path.cwd())
    writer = SampleWriter(file.design, file.task, chat=None, eos="")
    joined = join_predictions(predictions, examples, file.task, writer)
    scores = evaluate(file.task, examples, joined, EvaluationOptions(), seed=0)
    values = scores.to_json()
    return {
        "n": scores.n,
        "metrics": {name: item.value for name, item in scores.metrics.items()},
        "intervals": values["metrics"],
        "format_errors": values["format_errors"],
        "by_field": values["by_field"],
        "reading": "lenient",
    }
