"""`luthier label`: a finished run labels a file, and says how sure it is."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from luthier.errors import UserError
from luthier.evaluation import Calibration, fit_calibration
from luthier.experiment.finetuned import FineTuned
from luthier.experiment.folder import open_run
from luthier.experiment.self_training.pseudo import Labelling, classes
from luthier.experiment.self_training.selection import Selection
from luthier.experiment.stages import Progress
from luthier.files import read_jsonl, require_new, write_json, write_jsonl
from luthier.tasks.example import Example, target_from_json

Rows = Iterator[tuple[Example, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class LabelReport:
    """What labelling a file did.

    Attributes:
        run: The run that labelled, as `labelled_by` in the records names it.
        records: Records of the file.
        labelled: How many of them were given a label.
        rejected: Reason to number of the others.
        classes: Class (label, `aspect=label`, entity type; empty for none) to number of labelled records.
        calibration: Temperatures, and the number of validation slots that they were fitted on.
    """

    run: str
    records: int
    labelled: int
    rejected: Mapping[str, int]
    classes: Mapping[str, int]
    calibration: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Returns the attributes as JSON."""
        return asdict(self)


def label(
    run: Path | str,
    data: Path | str,
    output: Path | str,
    *,
    confidence: float | None = None,
    top: float | None = None,
    report: Path | str | None = None,
    rejects: Path | str | None = None,
) -> LabelReport:
    """Labels the records of a file with a finished run, and writes those that it is sure enough of.

    Confidence is calibrated on the run's own validation set, which the run predicts for that first. Written
    records have the run's label as their target, `confidence`, and `labelled_by`; a target that a record had
    before is not looked at.

    Args:
        run: The folder of a finished run.
        data: Any data file that the run's task reads; targets may be missing.
        output: JSON Lines of labelled records; they can be read as training data.
        confidence: Least calibrated confidence, 0 to 1; None sets none.
        top: Only the most certain share of what was predicted to be of each class, 0 to 1; None is all.
        report: JSON file for the report; None writes none.
        rejects: JSON Lines of the records that were not labelled: each with `reason`, the `value` that was
            predicted and its `confidence`; None writes none.

    Raises:
        UserError: Where both rules are given, one is out of range, a file to write exists, `run` is no
            finished run, or its task is a free text, of which no confidence tells whether it is right.
        DataError: Where the file cannot be read or does not fit the task.
    """
    selection = _rule(confidence, top)
    require_new({"--output": output, "--report": report, "--rejects": rejects})
    model = FineTuned(open_run(Path(run)))
    if model.task.schema().fields[0].kind == "text" and selection != Selection():
        raise UserError(
            "Of a free text no confidence tells whether it is right, so none can be selected by it.",
            "Leave --confidence and --top out, or use luthier predict.",
        )
    examples = model.read_file(Path(data))
    calibration = _calibrate(model)
    name = f"{model.folder.path.resolve().name}@{model.folder.read(model.folder.manifest)['identity'][:12]}"
    with tempfile.TemporaryDirectory(prefix="luthier-label-") as scratch:
        judged = Path(scratch) / "labels.jsonl"
        progress = Progress(str(data), len(examples))
        found = model.predict_examples(examples, progress)
        Labelling(model.task, calibration, selection).write(judged, examples, found)
        write_jsonl(Path(output), _labelled(model, examples, judged, name))
        if rejects is not None:
            write_jsonl(Path(rejects), _rejected(model, examples, judged))
        told = _report(model, examples, judged, name, calibration)
    if report is not None:
        write_json(Path(report), told.to_json())
    return told


def _rule(confidence: float | None, top: float | None) -> Selection:
    if confidence is not None and top is not None:
        raise UserError(
            "Both --confidence and --top are given.", "Give one: a threshold, or a share of each class."
        )
    for flag, value in (("--confidence", confidence), ("--top", top)):
        if value is not None and not 0 < value <= 1:
            raise UserError(f"{flag} {value:g} is not above 0 and at most 1.", f"For example: {flag} 0.9")
    return Selection(confidence, top)


def _calibrate(model: FineTuned) -> Calibration:
    validation = model.folder.load_validation()
    progress = Progress("validation", len(validation))
    found = list(model.predictor.predict(validation, progress=progress))
    return fit_calibration(model.task, validation, found)


def _rows(examples: Sequence[Example], judged: Path, is_selected: bool) -> Rows:
    for example, row in zip(examples, read_jsonl(judged), strict=True):
        if row["selected"] == is_selected:
            yield example, row


def _labelled(
    model: FineTuned, examples: Sequence[Example], judged: Path, name: str
) -> Iterator[dict[str, Any]]:
    for example, row in _rows(examples, judged, True):
        record = model.task.record(replace(example, target=target_from_json(row["value"])))
        yield {**record, "confidence": row["confidence"], "labelled_by": name}


def _rejected(model: FineTuned, examples: Sequence[Example], judged: Path) -> Iterator[dict[str, Any]]:
    for example, row in _rows(examples, judged, False):
        told = {key: row[key] for key in ("reason", "value", "confidence")}
        yield {**model.task.record(example), **told}


def _report(
    model: FineTuned, examples: Sequence[Example], judged: Path, name: str, calibration: Calibration
) -> LabelReport:
    reasons = Counter(row["reason"] for row in read_jsonl(judged))
    taken = reasons.pop("", 0)
    labelled = (
        replace(example, target=target_from_json(row["value"]))
        for example, row in _rows(examples, judged, True)
    )
    found = classes(model.task, labelled)
    return LabelReport(
        run=name,
        records=len(examples),
        labelled=taken,
        rejected=dict(reasons.most_common()),
        classes=dict(sorted(found.items())),
        calibration=calibration.to_json(),
    )
