"""`luthier score`: predictions made anywhere, scored as a run's own would be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from luthier.data import ReadOptions, read_examples
from luthier.data.sources import RawRecord, SourceError, read_records, resolve
from luthier.design import SampleWriter
from luthier.errors import DataError, Problem
from luthier.evaluation import score_predictions, to_score_json
from luthier.experiment.recipe import load_task


def score(task_file: Path, gold: Path, predictions: Path) -> dict[str, Any]:
    """Scores predictions against gold records.

    Args:
        task_file: YAML with `task` and, where the predictions are raw text, `design`.
        gold: Labelled records.
        predictions: Rows of `{"id"?, "text": raw}` or `{"id"?, "value": target}`, joined by `id` where both
            files have one, else by line.

    Returns:
        What `to_score_json` says, and `intervals`: metric to {value, low, high}.

    Raises:
        UserError: Where a file is missing, or does not fit the task or the other file.
    """
    file = load_task(task_file)
    examples, _ = read_examples(str(gold), file.task, ReadOptions(), base_dir=Path.cwd())
    rows = _read_rows(predictions)
    # The texts come from anywhere: whatever chat template made the prompt, the answer is read alike.
    design = file.design.model_copy(update={"chat": "plain"})
    writer = SampleWriter(design, file.task, chat=None, eos="")
    try:
        scores = score_predictions(file.task, examples, [row.values for row in rows], writer=writer)
    except DataError as error:
        # What scores rows knows their places; the file and its lines are known here.
        problems = [
            replace(problem, file=predictions, line=rows[problem.line - 1].line) if problem.line else problem
            for problem in error.problems
        ]
        raise DataError(f"{predictions} cannot be scored:", problems, error.hint) from error
    return {**to_score_json(scores), "intervals": scores.to_json()["metrics"]}


def _read_rows(path: Path) -> list[RawRecord]:
    """Reads a file of predictions, whatever its columns; raises DataError with every broken line."""
    try:
        found = list(read_records(resolve(str(path), Path.cwd()), "utf-8", "test"))
    except SourceError as error:
        raise DataError(f"{path} cannot be read:", [error.problem]) from error
    if problems := [item for item in found if isinstance(item, Problem)]:
        raise DataError(f"{path} cannot be read:", problems)
    return [item for item in found if isinstance(item, RawRecord)]
