from __future__ import annotations

import pytest
from tests.report import runs
from tests.report.conftest import page_of, plain, section_of

from luthier.experiment.folder import FINE_TUNED
from luthier.inference.prediction import Prediction
from luthier.report.source import RunRecords
from luthier.report.words import Words
from luthier.report.worst import worst_errors, wrongness
from luthier.tasks import Aspects, Classification, Entity, Example

ROME = Entity(0, 4, "LOC", "Rome")


@pytest.mark.parametrize(
    ("kind", "gold", "predicted", "wrong"),
    [
        ("classification", "a", "a", 0),
        ("classification", "a", "b", 1),
        ("classification", "a", "", 1),
        ("classification", ("a", "b"), ("b", "c", "d"), 3),
        ("classification", (), None, 0),
        ("aspects", {"food": "good", "price": "bad"}, {"food": "bad", "noise": "bad"}, 3),
        ("aspects", {}, {}, 0),
        ("extraction", (ROME,), (ROME, Entity(-1, -1, "LOC", "Paris")), 1),
        ("extraction", (ROME,), None, 1),
        ("generation", "one two three four", "one two three four", 0),
        # Three of four words in order: precision 1, recall 3/4, F 6/7.
        ("generation", "one two three four", "one two three", 1 / 7),
        ("generation", "one two", "three", 1),
    ],
)
def test_how_wrong_a_prediction_is(kind, gold, predicted, wrong):
    assert wrongness(kind, gold, predicted) == pytest.approx(wrong)


def test_texts_that_differ_in_nothing_rouge_sees_are_still_errors():
    assert 0 < wrongness("generation", "Yes.", "Yes!") < 1e-6


def _errors(tmp_path, task, pairs):
    examples = [Example(f"e{i}", f"text {i}", gold) for i, (gold, _, _) in enumerate(pairs)]
    predictions = [
        Prediction(f"e{i}", said, text="raw", confidence=sure)
        for i, (_, said, sure) in enumerate(pairs)
        if said is not None
    ]
    folder = runs.write(tmp_path, task, {"id": (task, examples, {FINE_TUNED: predictions})}, train=examples)
    return folder, worst_errors(RunRecords.read(folder), Words("en"))[0]


def test_most_fields_wrong_first_then_the_most_confident(tmp_path):
    task = Aspects(aspects=("food", "price", "noise"))
    right = {"food": "positive"}
    _, found = _errors(
        tmp_path,
        task,
        [
            (right, {"food": "negative"}, 0.6),
            (right, right, 0.99),
            (right, {"food": "negative"}, 0.9),
            (right, {"food": "negative", "price": "negative"}, 0.5),
        ],
    )
    assert [error.id for error in found.errors] == ["e3", "e2", "e0"]
    assert (found.wrong, found.n) == (3, 4)
    worst = found.errors[0]
    assert worst.score == "2 of 3 fields wrong"
    assert [(line.name, line.gold, line.predicted, line.wrong) for line in worst.lines] == [
        ("food", "positive", "negative", True),
        ("price", "not mentioned", "negative", True),
    ]
    assert worst.same == 1


def test_labels_are_ranked_by_confidence_and_not_by_spelling(tmp_path):
    task = Classification(labels=("spam mail", "spam", "ham"))
    _, found = _errors(tmp_path, task, [("spam mail", "spam", 0.9), ("spam mail", "ham", 0.8)])
    assert [error.id for error in found.errors] == ["e0", "e1"]


def test_ten_at_most_and_a_missing_prediction_is_said(tmp_path):
    task = Classification(labels=("a", "b"))
    folder, found = _errors(tmp_path, task, [("a", "b", 0.7)] * 11 + [("a", None, None)])
    assert (len(found.errors), found.wrong) == (10, 12)
    assert "Records without a prediction, counted as wrong: 1." in section_of(page_of(folder), "scores")


def test_an_unread_label_is_told_from_a_wrong_one(tmp_path):
    folder, found = _errors(tmp_path, Classification(labels=("a", "b")), [("a", "", 0.7), ("b", "b", 0.7)])
    assert found.errors[0].lines[0].predicted == "unreadable"
    assert "unreadable ✗" in plain(section_of(page_of(folder), "worst"))


def test_long_texts_fold_and_short_ones_do_not(tmp_path):
    task = Classification(labels=("a", "b"))
    examples = [Example("short", "brief", "a"), Example("long", "word " * 300 + "END", "a")]
    predictions = [Prediction("short", "b", "b"), Prediction("long", "b", "b")]
    folder = runs.write(tmp_path, task, {"id": (task, examples, {FINE_TUNED: predictions})}, train=examples)
    section = section_of(page_of(folder), "worst")
    assert section.count('<details class="fold">') == 1
    assert section.count("END") == 1
