"""The worst errors of a test set: most fields wrong first, and of those the most confident."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from luthier.evaluation.metrics.text import rouge_scores
from luthier.experiment.folder import FINE_TUNED
from luthier.inference.prediction import Prediction
from luthier.report.formatting import number
from luthier.report.highlight import Marked, difference, mark
from luthier.report.source import RunRecords
from luthier.report.words import Words
from luthier.tasks.example import Entity, Example, Target

SHOWN = 10


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One field of an error: gold against predicted.

    Attributes:
        name: The aspect; empty for a task with one unnamed field.
        gold: What is true.
        predicted: What was said.
        wrong: Whether they differ.
        probability: The model's probability of what it said, and of what is true; empty where it gave none.
    """

    name: str
    gold: str
    predicted: str
    wrong: bool
    probability: str


@dataclass(frozen=True, slots=True)
class WorstError:
    """One wrong prediction with everything needed to judge it.

    Attributes:
        id: The example's id.
        origin: `file:line` it was read from.
        score: How wrong, in words.
        confidence: In three digits; empty where the model gave none.
        texts: Heading and text of every input part.
        lines: Fields, gold and predicted; empty for open texts and spans.
        same: How many fields are right and left out.
        gold: Gold text (generation).
        output: Predicted text (generation).
        gold_spans: The text with gold entities marked (extraction).
        predicted_spans: The text with predicted entities marked (extraction).
        raw: The model's text; None where there is no prediction.
        deviations: Kind and detail of each deviation from the design.
    """

    id: str
    origin: str
    score: str
    confidence: str
    texts: tuple[tuple[str, str], ...]
    lines: tuple[FieldLine, ...]
    same: int
    gold: str | None
    output: str | None
    gold_spans: Marked | None
    predicted_spans: Marked | None
    raw: str | None
    deviations: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TestErrors:
    """The worst errors of one test set, of `wrong` records with any mistake among `n`."""

    __test__ = False

    test: str
    n: int
    wrong: int
    errors: tuple[WorstError, ...]


def worst_errors(run: RunRecords, words: Words) -> list[TestErrors]:
    """Returns the worst errors of each test set whose records the folder holds."""
    return [_of_test(run, test, words) for test in run.tests if run.folder.gold(test).exists()]


def _of_test(run: RunRecords, test: str, words: Words) -> TestErrors:
    predictions = run.predictions(test)
    n = 0
    ranked: list[tuple[float, float, int, Example, Prediction | None]] = []
    for example in run.gold(test):
        prediction = predictions.get(example.id)
        wrong = wrongness(run.task["type"], example.target, prediction.value if prediction else None)
        n += 1
        if wrong > 0:
            confidence = prediction.confidence if prediction else None
            ranked.append((-wrong, -(confidence or 0.0), n, example, prediction))
    ranked.sort(key=lambda item: item[:3])
    fields = list(run.systems(test)[FINE_TUNED].get("by_field", {}))
    shown = tuple(
        _error(run.task, fields, example, prediction, -negative, words)
        for negative, _, _, example, prediction in ranked[:SHOWN]
    )
    return TestErrors(test, n, len(ranked), shown)


def wrongness(kind: str, gold: Target | None, predicted: Target | None) -> float:
    """Tells how wrong a prediction is; 0 where it is right.

    Aspects count the aspects that differ; several labels and entities those that only one side has; a single
    label counts 1; generated texts differ by 1 - ROUGE-L, above 0 unless they are identical.

    Args:
        kind: The task's type.
        gold: What is true.
        predicted: What was said; None (no prediction) counts like an empty target.
    """
    if isinstance(gold, Mapping):
        said = predicted if isinstance(predicted, Mapping) else {}
        return sum(gold.get(name) != said.get(name) for name in {*gold, *said})
    if isinstance(gold, str):
        text = predicted if isinstance(predicted, str) else ""
        if gold.strip() == text.strip():
            return 0.0
        return max(1 - rouge_scores(gold, text)[2], 1e-9) if kind == "generation" else 1.0
    one, other = gold or (), predicted if isinstance(predicted, tuple) else ()
    if kind == "extraction":
        return difference(entities(one), entities(other))
    return len({*one} ^ {*other})


def entities(target: Target | None) -> list[Entity]:
    """Returns the entities of a target; none where it has none."""
    if target is None or isinstance(target, str | Mapping):
        return []
    return [item for item in target if isinstance(item, Entity)]


def _error(
    task: Mapping[str, Any],
    fields: list[str],
    example: Example,
    prediction: Prediction | None,
    wrong: float,
    words: Words,
) -> WorstError:
    gold = example.target
    said = prediction.value if prediction is not None else None
    lines: tuple[FieldLine, ...] = ()
    spans: tuple[Marked | None, Marked | None] = (None, None)
    texts: tuple[str | None, str | None] = (None, None)
    match task["type"]:
        case "aspects":
            lines = _aspect_lines(gold, said, prediction, task.get("unmentioned", ""), fields)
            score = words["fields_wrong"].format(wrong=round(wrong), total=max(len(fields), len(lines)))
        case "extraction":
            truth, found = entities(gold), entities(said)
            spans = mark(example.text, truth, found), mark(example.text, found, truth)
            missed = len({*truth} - {*found})
            score = words["spans_wrong"].format(missed=missed, extra=max(round(wrong) - missed, 0))
        case "generation":
            texts = str(gold or ""), said if isinstance(said, str) else ""
            score = words["text_wrong"].format(value=number(1 - wrong))
        case _:
            lines = (_label_line(gold, said, prediction, task, words),)
            score = words["labels_wrong"].format(wrong=round(wrong)) if task.get("multi_label") else ""
    return WorstError(
        id=example.id,
        origin=example.origin,
        score=score,
        confidence=number(prediction.confidence) if prediction and prediction.confidence is not None else "",
        texts=_input_parts(task, example, words),
        lines=lines,
        same=max(len(fields) - len(lines), 0) if task["type"] == "aspects" else 0,
        gold=texts[0],
        output=texts[1],
        gold_spans=spans[0],
        predicted_spans=spans[1],
        raw=prediction.text if prediction is not None else None,
        deviations=tuple(
            (words.open("kind", item.kind.value), item.detail)
            for item in (prediction.deviations if prediction is not None else ())
        ),
    )


def _input_parts(task: Mapping[str, Any], example: Example, words: Words) -> tuple[tuple[str, str], ...]:
    parts = [(words["instruction"], example.instruction)] if example.instruction else []
    parts += [(words.open("role", turn.role), turn.content) for turn in example.history]
    if example.text_pair is not None:
        parts += [(words["first_text"], example.text), (words["second_text"], example.text_pair)]
    elif task["type"] == "generation":
        parts += [(words["input"], example.text)] if example.text else []
    elif task["type"] != "extraction":  # there the text stands twice already, with its entities marked
        parts.append(("", example.text))
    return tuple(parts)


def _aspect_lines(
    gold: Target | None,
    said: Target | None,
    prediction: Prediction | None,
    unmentioned: str,
    order: list[str],
) -> tuple[FieldLine, ...]:
    truth = gold if isinstance(gold, Mapping) else {}
    found = said if isinstance(said, Mapping) else {}
    names = dict.fromkeys([name for name in order if name in truth or name in found] + [*truth, *found])
    return tuple(
        _line(name, truth.get(name, unmentioned), found.get(name, unmentioned), prediction) for name in names
    )


def _label_line(
    gold: Target | None,
    said: Target | None,
    prediction: Prediction | None,
    task: Mapping[str, Any],
    words: Words,
) -> FieldLine:
    if not task.get("multi_label"):
        return _line("", str(gold), said if isinstance(said, str) and said else words["unread"], prediction)
    none = str(task.get("unmentioned", ""))
    pair = [
        ", ".join(map(str, value)) if isinstance(value, tuple) and value else none for value in (gold, said)
    ]
    return FieldLine("", pair[0], pair[1], True, "")


def _line(name: str, gold: str, said: str, prediction: Prediction | None) -> FieldLine:
    scores = prediction.probabilities.get(name, {}) if prediction is not None else {}
    probability = " / ".join(number(scores.get(label)) for label in (said, gold)) if scores else ""
    return FieldLine(name, gold, said, gold != said, probability)
