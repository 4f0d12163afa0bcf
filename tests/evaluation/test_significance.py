from math import comb

import numpy as np
import pytest

from luthier.evaluation import EvaluationOptions, compare, mcnemar
from luthier.inference.prediction import Prediction
from luthier.tasks import Classification, Example, Generation

TASK = Classification(labels=("a", "b"))


def test_mcnemar_by_hand():
    # Only A is right 8 times, only B twice: 2 * (C(10,0) + C(10,1) + C(10,2)) / 2**10 = 112 / 1024.
    a = [True] * 8 + [False] * 2 + [True] * 5
    b = [False] * 8 + [True] * 2 + [True] * 5
    assert mcnemar(a, b) == pytest.approx(112 / 1024)
    assert mcnemar(b, a) == mcnemar(a, b)
    assert mcnemar([True, False], [True, False]) == 1


def systems(better, worse, same):
    """A right where B is wrong `better` times, the other way `worse` times, both right `same` times."""
    n = better + worse + same
    examples = [Example(str(i), "x", "a") for i in range(n)]
    a = [Prediction(str(i), "b" if better <= i < better + worse else "a") for i in range(n)]
    b = [Prediction(str(i), "b" if i < better else "a") for i in range(n)]
    return examples, a, b


def test_randomisation_of_accuracy_is_the_exact_test():
    # Swapping within examples tosses a coin for each of the ten that differ: p = P(|heads - 5| >= 3).
    examples, a, b = systems(8, 2, 20)
    difference = compare(TASK, examples, a, b, EvaluationOptions(bootstrap=20_000), 0)["accuracy"]
    exact = 2 * sum(comb(10, k) for k in range(3)) / 2**10
    assert difference.value == pytest.approx(6 / 30)
    assert difference.p_value == pytest.approx(exact, abs=0.01)


def test_the_interval_is_paired():
    # Per example the difference is +1, -1 or 0: variance (8 + 2) / 30 - 0.2**2, whatever both get right.
    examples, a, b = systems(80, 20, 200)
    difference = compare(TASK, examples, a, b, EvaluationOptions(bootstrap=5_000), 0)["accuracy"]
    half = 1.96 * np.sqrt((100 / 300 - 0.2**2) / 300)
    assert difference.low == pytest.approx(0.2 - half, abs=0.01)
    assert difference.high == pytest.approx(0.2 + half, abs=0.01)
    assert difference.p_value is not None
    assert difference.p_value < 0.001


def test_a_system_does_not_differ_from_itself():
    examples, a, _ = systems(3, 3, 3)
    difference = compare(TASK, examples, a, a, EvaluationOptions(bootstrap=200), 0)["f1_macro"]
    assert (difference.value, difference.low, difference.high, difference.p_value) == (0, 0, 0, 1)


def test_corpus_metrics_are_compared_too_and_the_sign_follows_the_order():
    examples = [Example(str(i), "x", f"the cat number {i} sat on the mat") for i in range(30)]
    good = [Prediction(item.id, str(item.target)) for item in examples]
    bad = [Prediction(item.id, "a dog") for item in examples]
    options = EvaluationOptions(bootstrap=300)
    assert compare(Generation(), examples, good, bad, options)["bleu"].value == pytest.approx(100, abs=1)
    assert compare(Generation(), examples, bad, good, options)["bleu"].value == pytest.approx(-100, abs=1)
