"""`luthier score`: predictions made anywhere, scored as a run's own would be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from luthier.data import ReadOptions, read_examples
from luthier.data.raw import RawRecord, SourceError
from luthier.data.sources import read_records, resolve
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
        What `to_score_json` says, `intervals`: metric to {value, low, high}, and `by_field`: the same of each
        aspect, type or label.

    Raises:
        UserError: Where a file is missing, or does not fit the task or the other file.
    """
    file = load_task(task_file)
    examples, _ = read_examples(str(gold), file.task, ReadOptions(), base_dir=Path.cwd())
    rows = _read_rows(predictions)
    _require_common_ids(gold, {example.id for example in examples}, predictions, rows)
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
    values = scores.to_json()
    return {**to_score_json(scores), "intervals": values["metrics"], "by_field": values["by_field"]}


def _require_common_ids(gold: Path, ids: set[str], predictions: Path, rows: list[RawRecord]) -> None:
    """Refuses two files that both have ids and share none: by line, strangers would be scored in silence."""
    given = [row for row in rows if row.values.get("id") is not None]
    if not given or any(str(row.values["id"]) in ids for row in given):
        return
    if any(row.values.get("id") is not None for row in _read_rows(gold)):
        problem = Problem(
            f"no gold record has the id {given[0].values['id']!r}, nor any other id of this file",
            predictions,
            given[0].line,
            hint="give the gold file that they belong to, or leave the ids out to join by line",
        )
        raise DataError(f"{predictions} cannot be scored:", [problem])


def _read_rows(path: Path) -> list[RawRecord]:
    """Reads a file of predictions, whatever its columns; raises DataError with every broken line."""
    try:
        found = list(read_records(resolve(str(path), Path.cwd()), "utf-8", "test"))
    except SourceError as error:
        raise DataError(f"{path} cannot be read:", [error.problem]) from error
    if problems := [item for item in found if isinstance(item, Problem)]:
        raise DataError(f"{path} cannot be read:", problems)
    return [item for item in found if isinstance(item, RawRecord)]
