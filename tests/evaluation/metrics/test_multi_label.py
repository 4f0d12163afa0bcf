import numpy as np
import pytest
from sklearn import metrics as sk

from luthier.evaluation.intervals import point
from luthier.evaluation.metrics.multi_label import measure
from luthier.evaluation.pairs import Pair
from luthier.inference.prediction import Prediction
from luthier.tasks import Classification, Example

LABELS = ("a", "b", "c")
TASK = Classification(labels=LABELS, multi_label=True)


def chosen(row):
    return tuple(label for label, on in zip(LABELS, row, strict=True) if on)


def test_metrics_equal_scikit_learn():
    generator = np.random.default_rng(1)
    gold = generator.random((120, 3)) < 0.4
    scores = np.clip(0.5 * gold + generator.random((120, 3)) * 0.6, 0.01, 0.99)
    guess = scores > 0.5
    pairs = [
        Pair(
            Example(str(i), "x", chosen(gold[i])),
            Prediction(
                str(i),
                chosen(guess[i]),
                probabilities={"": dict(zip(LABELS, map(float, scores[i]), strict=True))},
            ),
        )
        for i in range(120)
    ]
    got = {name: point(item, 120) for name, item in measure(TASK, pairs).statistics.items()}
    assert got["accuracy"] == pytest.approx(sk.accuracy_score(gold, guess))
    assert got["f1_macro"] == pytest.approx(sk.f1_score(gold, guess, average="macro"))
    assert got["f1_weighted"] == pytest.approx(sk.f1_score(gold, guess, average="weighted"))
    assert got["auc"] == pytest.approx(sk.roc_auc_score(gold, scores, average="macro"))
    losses = [sk.log_loss(gold[:, k], scores[:, k]) for k in range(3)]
    assert got["log_loss"] == pytest.approx(np.mean(losses))


def test_no_prediction_is_wrong_even_where_no_label_is_right():
    pairs = [Pair(Example("0", "x", ()), None), Pair(Example("1", "x", ()), Prediction("1", ()))]
    assert point(measure(TASK, pairs).statistics["accuracy"], 2) == 0.5
