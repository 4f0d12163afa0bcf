"""Scoring predictions that were made anywhere: raw model texts, or targets already parsed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from luthier.design import SampleWriter
from luthier.errors import DataError, Problem
from luthier.evaluation.evaluate import evaluate
from luthier.evaluation.options import EvaluationOptions
from luthier.evaluation.scores import Scores
from luthier.inference import Prediction, read_prediction
from luthier.tasks.answer import AnswerSchema
from luthier.tasks.base import Task
from luthier.tasks.example import UNPLACED, Entity, Example, Target
from luthier.tasks.record import describe, listed
from luthier.text import normalise


class _RowError(Exception):
    """One row cannot be scored."""


def score_predictions(
    task: Task,
    examples: Sequence[Example],
    rows: Sequence[Mapping[str, Any]],
    *,
    writer: SampleWriter | None = None,
    options: EvaluationOptions | None = None,
    seed: int = 0,
) -> Scores:
    """Scores rows of `{"id"?, "text": raw}` or `{"id"?, "value": target}` against labelled examples.

    A row whose id is that of an example is that example's; rows are taken by their place where none of their
    ids is an example's (gold records without ids of their own), or where they have none. An example without a
    row counts as wrong and is named in `Scores.missing`.

    Args:
        task: Of the examples.
        examples: Labelled, in the order of their file.
        rows: Predictions, in the order of theirs.
        writer: Reads raw texts by the design they were meant to follow; needed where a row has a `text`.
        options: Resamples and confidence of the intervals.
        seed: Of the resamples.

    Raises:
        DataError: With every row that is of no example, of one that has a row already, or without a
            prediction.
    """
    problems: list[Problem] = []
    predictions: dict[str, Prediction] = {}
    for line, (row, example) in enumerate(zip(rows, _owners(examples, rows), strict=True), 1):
        try:
            prediction = _prediction(task, _owner(example, row, len(examples)), row, writer)
            if predictions.setdefault(prediction.id, prediction) is not prediction:
                problems.append(Problem(f"a second prediction for the example {prediction.id!r}", line=line))
        except _RowError as error:
            problems.append(Problem(str(error), line=line))
    if problems:
        raise DataError(
            "These predictions cannot be scored:",
            problems,
            'Write one line for each gold record: {"id": ..., "text": ...} or {"id": ..., "value": ...}.',
        )
    return evaluate(task, examples, predictions.values(), options, seed)


def to_score_json(scores: Scores) -> dict[str, Any]:
    """Returns what `luthier score --json` prints: plain values, not intervals."""
    return {
        "n": scores.n,
        "metrics": {name: score.value for name, score in scores.metrics.items()},
        "format_errors": {"count": scores.format_errors.count, "kinds": dict(scores.format_errors.kinds)},
        "missing": list(scores.missing),
        "reading": "lenient",
    }


def _owners(examples: Sequence[Example], rows: Sequence[Mapping[str, Any]]) -> list[Example | None]:
    by_id = {example.id: example for example in examples}
    by_place = dict(enumerate(examples))
    ids = [None if row.get("id") is None else str(row["id"]) for row in rows]
    if not any(id_ in by_id for id_ in ids if id_ is not None):
        return [by_place.get(place) for place in range(len(rows))]
    return [by_place.get(place) if id_ is None else by_id.get(id_) for place, id_ in enumerate(ids)]


def _owner(example: Example | None, row: Mapping[str, Any], n: int) -> Example:
    if example is not None:
        return example
    if row.get("id") is not None:
        raise _RowError(f"no gold record has the id {row['id']!r}")
    raise _RowError(f"there are only {n} gold records")


def _prediction(
    task: Task, example: Example, row: Mapping[str, Any], writer: SampleWriter | None
) -> Prediction:
    if "value" in row:
        return Prediction(example.id, _target(task, example, row["value"]))
    if not isinstance(row.get("text"), str):
        names = listed([str(name) for name in row])
        raise _RowError(f"neither `text` (raw model text) nor `value` (a target) is there, only {names}")
    if writer is None:
        raise _RowError("a raw text can only be read with a design; give `design` in the task file")
    return read_prediction(writer, row["text"], example)


def _target(task: Task, example: Example, value: Any) -> Target:
    """Reads a target as records write it; a label or field that the task does not have is no value."""
    schema = task.schema()
    field = schema.fields[0]
    match field.kind:
        case "strings":
            return tuple(sorted(_entity(item, example) for item in _as_list(value)))
        case "text":
            return "" if value is None else str(value)
        case "labels":
            labels = [_label(item, field.labels) for item in _as_list(value)]
            return task.target({field.name: tuple(label for label in labels if label)}, example)
        case "label" if schema.single is not None:
            return _label(value, field.labels)
        case "label":
            return _mentioned(value, schema)


def _mentioned(value: Any, schema: AnswerSchema) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise _RowError(f"`value` is {describe(value)} where an object of aspects and labels is expected")
    folded = {normalise(str(name)): label for name, label in value.items()}
    found = {
        field.name: _label(folded[normalise(field.name)], field.labels)
        for field in schema.fields
        if normalise(field.name) in folded
    }
    return {name: label for name, label in found.items() if label}


def _label(value: Any, labels: Sequence[str]) -> str:
    folded = {normalise(label): label for label in labels}
    return folded.get(normalise(str(value)), "")


def _as_list(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise _RowError(f"`value` is {describe(value)} where a list is expected")
    return list(value)


def _entity(item: Any, example: Example) -> Entity:
    if not isinstance(item, Mapping) or not isinstance(item.get("type"), str):
        raise _RowError(f"{item!r} is no entity: it needs a `type` and `start` and `end`, or a `text`")
    start, end, text = item.get("start"), item.get("end"), item.get("text")
    if isinstance(start, int) and isinstance(end, int):
        return Entity(start, end, item["type"], example.text[start:end])
    if isinstance(text, str):
        return Entity(UNPLACED, UNPLACED, item["type"], text)
    raise _RowError(f"{item!r} has neither `start` and `end` nor a `text`")
