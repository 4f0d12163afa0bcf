from __future__ import annotations

from pathlib import Path

import pytest

from luthier.data import Examples
from luthier.design import Deviation, DeviationKind
from luthier.evaluation import Calibration
from luthier.experiment.self_training.pseudo import Labelling, classes, describe, selected, students_examples
from luthier.experiment.self_training.selection import Selection
from luthier.files import read_jsonl
from luthier.inference.prediction import Prediction
from luthier.tasks import Aspects, Classification, Entity, Example, Extraction

TASK = Classification(labels=("a", "b"))
POOL = [Example(f"u-{n}", f"text {n}", weight=2.0 if n == 0 else 1.0) for n in range(4)]


def said(number: int, label: str, p: float) -> Prediction:
    other = {"a": "b", "b": "a"}[label]
    return Prediction(f"u-{number}", label, confidence=p, probabilities={"": {label: p, other: 1 - p}})


PREDICTIONS = [said(0, "a", 0.95), said(1, "b", 0.9), said(2, "a", 0.6), Prediction("u-3", "", "hm")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    written = tmp_path / "pseudo.jsonl"
    Labelling(TASK, Calibration(), Selection(confidence=0.8), gold={"a": 1, "b": 1}).write(
        written, POOL, PREDICTIONS
    )
    return written


def test_every_record_keeps_a_row_with_value_confidence_and_reason(path: Path) -> None:
    rows = list(read_jsonl(path))
    assert [(row["id"], row["value"], row["selected"], row["reason"]) for row in rows] == [
        ("u-0", "a", True, ""),
        ("u-1", "b", True, ""),
        ("u-2", "a", False, "below the threshold"),
        ("u-3", "", False, "no value"),
    ]
    assert rows[0]["confidence"] == pytest.approx(0.95)
    assert rows[3]["confidence"] is None
    assert [item.name for item in path.parent.iterdir()] == ["pseudo.jsonl"]


def test_the_threshold_looks_at_calibrated_confidence(tmp_path: Path) -> None:
    # Odds 19 under T = 2 become 4.36: 0.81 instead of 0.95; 0.9 becomes 0.75.
    path = tmp_path / "pseudo.jsonl"
    Labelling(TASK, Calibration(2.0), Selection(confidence=0.8)).write(path, POOL, PREDICTIONS)
    rows = list(read_jsonl(path))
    assert [row["selected"] for row in rows] == [True, False, False, False]
    assert rows[0]["confidence"] == pytest.approx(19**0.5 / (1 + 19**0.5))


def test_a_student_learns_from_gold_and_what_was_taken_at_its_weight(path: Path) -> None:
    gold = [Example("g-0", "gold", "b")]
    examples = list(students_examples(gold, POOL, path, 0.5))
    assert [(item.id, item.target, item.weight) for item in examples] == [
        ("g-0", "b", 1.0),
        ("pseudo:u-0", "a", 1.0),  # a record's own weight of 2 counts half too
        ("pseudo:u-1", "b", 0.5),
    ]
    assert [item.id for item, _, _ in selected(POOL, path)] == ["u-0", "u-1"]


def test_known_targets_are_counted_and_never_taken_over(path: Path) -> None:
    known = Examples.of(Example(item.id, item.text, label) for item, label in zip(POOL, "aaab", strict=True))
    facts = describe(TASK, POOL, path, known)
    assert (facts["labelled"], facts["selected"], facts["right"]) == (4, 2, 1)
    assert facts["reasons"] == {"below the threshold": 1, "no value": 1}
    assert facts["classes"] == {
        "a": {"labelled": 2, "selected": 1, "right": 1},
        "b": {"labelled": 1, "selected": 1, "right": 0},
    }
    assert [item.target for item in students_examples([], POOL, path, 1.0)] == ["a", "b"]


def test_without_known_targets_nothing_is_said_about_right(path: Path) -> None:
    facts = describe(TASK, POOL, path, None)
    assert facts["right"] is None
    assert facts["classes"]["a"] == {"labelled": 2, "selected": 1, "right": None}


def test_aspects_need_all_to_be_certain_and_count_each(tmp_path: Path) -> None:
    task = Aspects(aspects=("food", "price"), labels=("good", "bad"))

    def prediction(id: str, food: float, price: float) -> Prediction:
        scores = {
            "food": {"good": food, "bad": 1 - food, "not mentioned": 0.0},
            "price": {"good": 1 - price, "bad": price, "not mentioned": 0.0},
        }
        return Prediction(id, {"food": "good", "price": "bad"}, confidence=0.5, probabilities=scores)

    pool, path = POOL[:2], tmp_path / "pseudo.jsonl"
    predictions = [prediction("u-0", 0.99, 0.95), prediction("u-1", 0.99, 0.7)]
    Labelling(task, Calibration(), Selection(confidence=0.9)).write(path, pool, predictions)
    assert [row["selected"] for row in read_jsonl(path)] == [True, False]
    known = Examples.of([Example("u-0", "x", {"food": "good"}), Example("u-1", "y", {})])
    found = describe(task, pool, path, known)
    assert found["right"] == 0
    assert found["classes"]["food=good"] == {"labelled": 2, "selected": 1, "right": 1}
    assert found["classes"]["price=bad"] == {"labelled": 2, "selected": 1, "right": 0}


def test_what_an_extraction_made_up_or_wrote_amiss_is_no_label(tmp_path: Path) -> None:
    task = Extraction(types=("PER", "LOC"))
    ada, nobody = Entity(0, 3, "PER", "Ada"), Entity(-1, -1, "PER", "Nobody")
    texts = [Example(f"u-{n}", "Ada met Alan in Rome") for n in range(4)]
    broken = (Deviation(DeviationKind.REPETITION, "x"),)
    predictions = [
        Prediction("u-0", (ada,), confidence=0.95),
        Prediction("u-1", (nobody,), confidence=0.95),
        Prediction("u-2", (ada,), confidence=0.95, deviations=broken),
        Prediction("u-3", (), confidence=0.95),
    ]
    path = tmp_path / "pseudo.jsonl"
    Labelling(task, Calibration(), Selection(confidence=0.9)).write(path, texts, predictions)
    assert [row["reason"] for row in read_jsonl(path)] == [
        "",
        "a span that the text does not have",
        "format error",
        "",
    ]
    rome = Entity(16, 20, "LOC", "Rome")
    known = Examples.of(Example(item.id, item.text, (ada, rome)) for item in texts)
    found = describe(task, texts, path, known)
    assert found["classes"]["PER"] == {"labelled": 1, "selected": 1, "right": 1}
    assert found["classes"][""] == {"labelled": 1, "selected": 1, "right": 0}
    assert found["right"] == 0  # the places are missing
    assert [item.target for item in students_examples([], texts, path, 1.0)] == [(ada,), ()]


def test_what_does_not_fit_the_model_is_left_out_instead_of_stopping_the_training(tmp_path: Path) -> None:
    path = tmp_path / "pseudo.jsonl"
    rule = Selection(confidence=0.8)
    Labelling(TASK, Calibration(), rule, fits=lambda example: example.id != "pseudo:u-0").write(
        path, POOL, PREDICTIONS
    )
    assert next(read_jsonl(path))["reason"] == "too long to learn from"


def test_the_classes_of_gold_count_those_without_any() -> None:
    task = Aspects(aspects=("food",), labels=("good", "bad"))
    examples = [Example("1", "x", {"food": "good"}), Example("2", "y", {})]
    assert classes(task, examples) == {"food=good": 1, "": 1}
