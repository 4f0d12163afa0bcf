"""Pseudo-labels: what a teacher predicts for a pool of text, streamed to a file, then taken or not.

Nothing but a confidence and the classes of each record stays in memory; values pass through the disk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from luthier.data import Examples
from luthier.evaluation.calibration import Calibration
from luthier.experiment.self_training.selection import NOTHING, Candidates, Selection
from luthier.files import read_jsonl, write_jsonl
from luthier.inference.prediction import Prediction
from luthier.tasks import Task
from luthier.tasks.example import UNPLACED, Entity, Example, Target, target_from_json, target_to_json

UNREAD = "no value"
MALFORMED = "format error"
UNPLACED_SPAN = "a span that the text does not have"
UNUSABLE = (UNREAD, MALFORMED, UNPLACED_SPAN)
"""Reasons that have nothing to do with how sure a teacher is."""
TOO_LONG = "too long to learn from"


@dataclass(frozen=True, slots=True)
class Labelling:
    """How pseudo-labels are made from predictions.

    Attributes:
        task: Of the pool.
        calibration: Of the system that predicts.
        selection: The rule.
        gold: Class to its number in the gold; None balances nothing.
        fits: Whether an example with its pseudo-label can be learnt from; None asks nothing.
    """

    task: Task
    calibration: Calibration
    selection: Selection
    gold: Mapping[str, int] | None = None
    fits: Callable[[Example], bool] | None = None

    def write(self, path: Path, pool: Iterable[Example], predictions: Iterable[Prediction]) -> None:
        """Writes a row a record: `id`, `value`, calibrated `confidence`, `selected`, and else the `reason`.

        Args:
            path: The JSON Lines file; it appears whole or not at all.
            pool: The records, in the order of the predictions. Both are read once, side by side.
            predictions: By the teacher.
        """
        candidates = Candidates()
        judged = path.with_name(f".{path.name}.judged")
        try:
            write_jsonl(judged, self._judge(pool, predictions, candidates))
            reasons = self.selection.select(candidates, self.gold)
            rows = zip(read_jsonl(judged), reasons, strict=True)
            write_jsonl(path, ({**row, "selected": not reason, "reason": reason} for row, reason in rows))
        finally:
            judged.unlink(missing_ok=True)

    def _judge(
        self, pool: Iterable[Example], predictions: Iterable[Prediction], candidates: Candidates
    ) -> Iterator[dict[str, Any]]:
        for example, said in zip(pool, predictions, strict=True):
            prediction = self.calibration.apply(self.task, said)
            labelled = pseudo_labelled(example, prediction.value)
            reason = self._against(prediction, labelled)
            candidates.add(prediction.confidence, () if reason else self.task.strata(labelled), reason)
            yield {
                "id": example.id,
                "value": target_to_json(prediction.value),
                "confidence": prediction.confidence,
            }

    def _against(self, prediction: Prediction, labelled: Example) -> str:
        """Returns what makes a prediction no label at all; empty where nothing does."""
        if prediction.confidence is None:
            return UNREAD
        if prediction.format_errors:
            return MALFORMED
        if any(isinstance(item, Entity) and item.start == UNPLACED for item in prediction.value):
            return UNPLACED_SPAN
        return "" if self.fits is None or self.fits(labelled) else TOO_LONG


def selected(pool: Iterable[Example], path: Path) -> Iterator[tuple[Example, Target, float]]:
    """Yields the records that were taken, each with its pseudo-label and calibrated confidence."""
    for example, row in zip(pool, read_jsonl(path), strict=True):
        if row["selected"]:
            target = target_from_json(row["value"])
            assert target is not None, "what has no value is never taken"
            yield example, target, row["confidence"]


def pseudo_labelled(example: Example, target: Target, weight: float = 1.0) -> Example:
    """Returns a record as a student learns it, under an id that no gold record has."""
    # The wording of the instruction is drawn by the id, so that what fits the model hangs on it.
    return replace(
        example, id=f"pseudo:{example.id}", target=target, weight=weight * example.weight, reasons={}
    )


def students_examples(
    gold: Iterable[Example], pool: Iterable[Example], path: Path, weight: float
) -> Iterator[Example]:
    """Yields what a student learns from: the gold, then what was taken, at `weight` times its own weight."""
    yield from gold
    for example, target, _ in selected(pool, path):
        yield pseudo_labelled(example, target, weight)


def classes(task: Task, examples: Iterable[Example]) -> Counter[str]:
    """Counts the classes of labelled examples, as a stratified split sees them."""
    return Counter(name for example in examples for name in task.strata(example) or (NOTHING,))


def describe(task: Task, pool: Iterable[Example], path: Path, known: Examples | None) -> dict[str, Any]:
    """Counts what became of a pool, for the report.

    Args:
        task: Of the pool.
        pool: The records that were labelled.
        path: What `Labelling.write` wrote for them.
        known: The same records with their true targets, where those are known. They are looked at here and
            nowhere else.

    Returns:
        `labelled`, `selected`; `reasons`: reason to count; `right`: how many of those selected are right,
        None where nothing is known; `classes`: class to `labelled`, `selected`, and `right` as above.
    """
    reasons: Counter[str] = Counter()
    counts: dict[str, Counter[str]] = {}
    right = 0
    truths: Iterable[Example | None] = known if known is not None else _nothing()
    for example, truth, row in zip(pool, truths, read_jsonl(path), strict=False):
        labelled = replace(example, target=target_from_json(row["value"]))
        reasons[row["reason"]] += 1
        if row["reason"] in UNUSABLE:
            continue
        right += bool(row["selected"] and truth is not None and labelled.target == truth.target)
        for name in task.strata(labelled) or (NOTHING,):
            count = counts.setdefault(name, Counter())
            count["labelled"] += 1
            if row["selected"]:
                count["selected"] += 1
                count["right"] += truth is not None and _is_right(task, name, labelled, truth)
    taken = reasons.pop("", 0)
    return {
        "labelled": taken + reasons.total(),
        "selected": taken,
        "reasons": dict(reasons.most_common()),
        "right": None if known is None else right,
        "classes": {
            name: {
                "labelled": count["labelled"],
                "selected": count["selected"],
                "right": None if known is None else count["right"],
            }
            for name, count in sorted(counts.items())
        },
    }


def _nothing() -> Iterator[None]:
    while True:
        yield None


def _is_right(task: Task, name: str, labelled: Example, truth: Example) -> bool:
    """Tells whether a class of a pseudo-label is true; of an entity type, whether its spans are."""
    if name == NOTHING:
        return not task.strata(truth)
    if task.schema().fields[0].kind == "strings":
        return task.answer(labelled).get(name) == task.answer(truth).get(name)
    return name in task.strata(truth)
