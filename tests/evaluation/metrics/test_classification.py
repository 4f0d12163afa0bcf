import numpy as np
import pytest
from sklearn import metrics as sk

from luthier.evaluation.intervals import point
from luthier.evaluation.metrics.classification import measure
from luthier.evaluation.pairs import Pair
from luthier.inference.prediction import Prediction
from luthier.tasks import Classification, Example

LABELS = ("a", "b", "c", "d")
TASK = Classification(labels=LABELS)


def pairs_of(gold, predicted, probabilities=None):
    pairs = []
    for row, (true, guess) in enumerate(zip(gold, predicted, strict=True)):
        scores = (
            {}
            if probabilities is None
            else {"": dict(zip(LABELS, map(float, probabilities[row]), strict=True))}
        )
        prediction = None if guess is None else Prediction(str(row), guess, probabilities=scores)
        pairs.append(Pair(Example(str(row), "x", true), prediction))
    return pairs


def scores_of(task, pairs):
    return {name: point(item, len(pairs)) for name, item in measure(task, pairs, None).statistics.items()}


@pytest.fixture
def random_case():
    generator = np.random.default_rng(3)
    gold = generator.integers(0, 4, 200)
    logits = generator.normal(size=(200, 4)) + 1.5 * np.eye(4)[gold]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return gold, probabilities


def test_metrics_equal_scikit_learn(random_case):
    gold, probabilities = random_case
    predicted = probabilities.argmax(axis=1)
    names = np.array(LABELS)
    got = scores_of(TASK, pairs_of(names[gold], names[predicted], probabilities))
    assert got["accuracy"] == pytest.approx(sk.accuracy_score(gold, predicted))
    assert got["f1_macro"] == pytest.approx(sk.f1_score(gold, predicted, average="macro"))
    assert got["f1_weighted"] == pytest.approx(sk.f1_score(gold, predicted, average="weighted"))
    assert got["mcc"] == pytest.approx(sk.matthews_corrcoef(gold, predicted))
    assert got["log_loss"] == pytest.approx(sk.log_loss(gold, probabilities))
    assert got["auc"] == pytest.approx(sk.roc_auc_score(gold, probabilities, multi_class="ovr"))
    assert "kappa" not in got  # the task declares no weights


def test_equal_probabilities_are_ties_whatever_rounding_makes_of_their_sum():
    generator = np.random.default_rng(0)
    gold = generator.integers(0, 4, 60)
    tenths = np.round(generator.dirichlet(np.ones(4), 60), 1) + 0.001
    probabilities = tenths / tenths.sum(axis=1, keepdims=True)
    names = np.array(LABELS)
    got = scores_of(TASK, pairs_of(names[gold], names[gold], probabilities))
    areas = [sk.roc_auc_score(gold == code, probabilities[:, code]) for code in range(4)]
    assert got["auc"] == pytest.approx(np.mean(areas), abs=1e-12)


def test_an_unreadable_prediction_is_wrong_and_no_class_of_its_own():
    gold = ["a", "a", "b", "b"]
    predicted = ["a", "", "b", "a"]
    got = scores_of(TASK, pairs_of(gold, predicted))
    assert got["accuracy"] == 0.5
    # a: 1 right, 2 gold, 2 predicted -> 2/4; b: 1 right, 2 gold, 1 predicted -> 2/3.
    assert got["f1_macro"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert got["mcc"] == pytest.approx(sk.matthews_corrcoef(gold, predicted))


def test_a_missing_prediction_counts_as_an_unreadable_one():
    gold = ["a", "a", "b", "b"]
    assert scores_of(TASK, pairs_of(gold, ["a", None, "b", "a"])) == scores_of(
        TASK, pairs_of(gold, ["a", "", "b", "a"])
    )


def test_by_label_scores_equal_scikit_learn(random_case):
    gold, probabilities = random_case
    predicted = probabilities.argmax(axis=1)
    names = np.array(LABELS)
    measured = measure(TASK, pairs_of(names[gold], names[predicted]), None)
    precision, recall, f1, support = sk.precision_recall_fscore_support(gold, predicted)
    for code, label in enumerate(LABELS):
        got = {name: point(item, 200) for name, item in measured.by_field[label].items()}
        assert got == pytest.approx({"precision": precision[code], "recall": recall[code], "f1": f1[code]})
        assert measured.support[label] == support[code]


def test_confusion_has_gold_rows_and_tells_unread_ones_apart():
    measured = measure(TASK, pairs_of(["a", "a", "b", "c"], ["b", "a", "", "c"]), None)
    confusion = measured.confusion[""]
    assert confusion.matrix == ((1, 1, 0, 0), (0, 0, 0, 0), (0, 0, 1, 0), (0, 0, 0, 0))
    assert confusion.unread == (0, 1, 0, 0)


def test_undefined_metrics_are_nan():
    one_class = pairs_of(["a", "a"], ["a", "a"], [[0.7, 0.1, 0.1, 0.1]] * 2)
    got = scores_of(TASK, one_class)
    assert np.isnan(got["auc"])
    assert got["mcc"] == 0.0  # as scikit-learn has it
