from math import log

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from luthier.evaluation.calibration import PER_FIELD, Calibration, fit_calibration
from luthier.inference.prediction import Prediction
from luthier.tasks import Aspects, Classification, Entity, Example, Extraction

TASK = Classification(labels=("a", "b"))


def said(number: int, p: float, right: bool) -> tuple[Example, Prediction]:
    """An example predicted to be `a` with probability `p`."""
    example = Example(str(number), "x", "a" if right else "b")
    return example, Prediction(str(number), "a", confidence=p, probabilities={"": {"a": p, "b": 1 - p}})


def test_one_probability_throughout_becomes_laplaces_rule():
    # 7 of 10 right at p = 0.9: the calibrated probability is (7 + 1) / (10 + 2) = 2/3, odds 2 instead of 9.
    examples, predictions = zip(*(said(n, 0.9, n < 7) for n in range(10)), strict=True)
    calibration = fit_calibration(TASK, examples, predictions)
    assert calibration.pooled == pytest.approx(log(9) / log(2), rel=1e-6)
    mended = calibration.apply(TASK, predictions[0])
    assert mended.confidence == pytest.approx(2 / 3)
    assert mended.probabilities[""] == pytest.approx({"a": 2 / 3, "b": 1 / 3})


def test_a_small_set_that_is_all_right_is_not_called_certain():
    examples, predictions = zip(*(said(n, 0.8, True) for n in range(4)), strict=True)
    assert fit_calibration(TASK, examples, predictions).apply(TASK, predictions[0]).confidence == (
        pytest.approx(5 / 6)
    )


def test_the_optimum_is_that_of_a_general_minimiser():
    random = np.random.default_rng(0)
    task = Classification(labels=("a", "b", "c"))
    n, labels = 50, list(task.labels)
    logits = random.normal(scale=3, size=(n, 3))
    # Gold follows a third of the logits: the model is three times too sure.
    gold = (logits / 3 + random.gumbel(size=(n, 3))).argmax(axis=1)
    examples = [Example(str(i), "x", labels[gold[i]]) for i in range(n)]
    predictions = [
        Prediction(
            str(i),
            labels[int(logits[i].argmax())],
            probabilities={"": dict(zip(labels, np.exp(log_softmax(logits[i])), strict=True))},
        )
        for i in range(n)
    ]
    targets = np.full((n, 3), 1 / (n + 3)) + np.eye(3)[gold] * n / (n + 3)

    def cross_entropy(log_t: float) -> float:
        return -float((targets * log_softmax(logits / np.exp(log_t), axis=1)).sum())

    best = np.exp(minimize_scalar(cross_entropy, bounds=(-4, 4), method="bounded").x)
    assert fit_calibration(task, examples, predictions).pooled == pytest.approx(best, rel=1e-3)


def test_what_is_right_as_often_as_it_says_stays():
    examples, predictions = zip(*(said(n, 0.75, n % 4 > 0) for n in range(4000)), strict=True)
    assert fit_calibration(TASK, examples, predictions).pooled == pytest.approx(1, abs=0.01)


ASPECTS = Aspects(aspects=("food", "price"), labels=("good", "bad"))


def aspects(number: int, food_right: bool) -> tuple[Example, Prediction]:
    scores = {"good": 0.9, "bad": 0.05, "not mentioned": 0.05}
    target = {"food": "good", "price": "good"} if food_right else {"food": "bad", "price": "good"}
    value = {"food": "good", "price": "good"}
    probabilities = {"food": scores, "price": scores}
    return Example(str(number), "x", target), Prediction(str(number), value, probabilities=probabilities)


@pytest.mark.parametrize("n", [PER_FIELD - 1, PER_FIELD])
def test_fields_have_temperatures_of_their_own_where_there_is_enough_to_tell(n: int):
    examples, predictions = zip(*(aspects(i, i % 2 == 0) for i in range(n)), strict=True)
    calibration = fit_calibration(ASPECTS, examples, predictions)
    mended = calibration.apply(ASPECTS, predictions[0])
    if n < PER_FIELD:
        assert calibration.by_field == {}
        assert mended.probabilities["food"] == pytest.approx(mended.probabilities["price"])
    else:
        assert calibration.by_field["food"] > 1 > calibration.by_field["price"]
        # The least certain aspect speaks for the example.
        assert mended.confidence == pytest.approx(mended.probabilities["food"]["good"])
        assert mended.confidence == pytest.approx(0.5, abs=0.02)


def test_an_unmentioned_aspect_has_the_probability_of_its_placeholder():
    scores = {"food": {"good": 0.2, "bad": 0.1, "not mentioned": 0.7}}
    prediction = Prediction("1", {}, probabilities=scores)
    assert Calibration().apply(ASPECTS, prediction).confidence == pytest.approx(0.7)


def test_several_labels_are_certain_together():
    task = Classification(labels=("a", "b"), multi_label=True)
    prediction = Prediction("1", ("a",), confidence=0.72, probabilities={"": {"a": 0.9, "b": 0.2}})
    assert Calibration().apply(task, prediction).confidence == pytest.approx(0.9 * 0.8)
    # Odds 9 and 4 under T = 2 become 3 and 2.
    assert Calibration(2.0).apply(task, prediction).confidence == pytest.approx(3 / 4 * 2 / 3)


def test_a_confidence_alone_is_calibrated_by_whether_the_whole_value_is_right():
    task = Extraction(types=("PER",))
    gold = (Entity(0, 3, "PER", "Ada"),)
    examples = [Example(str(n), "Ada met Alan", gold) for n in range(10)]
    predictions = [Prediction(str(n), gold if n < 7 else (), confidence=0.9) for n in range(10)]
    calibration = fit_calibration(task, examples, predictions)
    assert calibration.apply(task, predictions[0]).confidence == pytest.approx(2 / 3)


def test_what_cannot_be_read_stays_without_confidence():
    prediction = Prediction("1", "", probabilities={"": {"a": 0.5, "b": 0.5}})
    assert Calibration(2.0).apply(TASK, prediction).confidence is None
    assert Calibration(2.0).apply(TASK, Prediction("1", "a")).confidence is None


def test_without_any_probability_nothing_is_fitted():
    assert fit_calibration(TASK, [Example("1", "x", "a")], [Prediction("1", "a")]) == Calibration()
