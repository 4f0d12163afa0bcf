import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from luthier.evaluation.intervals import point
from luthier.evaluation.metrics import aspects, classification
from luthier.evaluation.metrics.kappa import kappa
from luthier.evaluation.metrics.slots import Slots
from luthier.evaluation.pairs import Pair
from luthier.inference.prediction import Prediction
from luthier.tasks import Aspects, Classification, Example

TASK = Aspects(aspects=("food", "price"))
PUBLISHED = np.array([[1, 0.5, 0, 0.5], [0.67, 1, 0.67, 0.67], [0, 0.5, 1, 0.5], [0.5, 0.67, 0.5, 1]])

# Five texts, two aspects: ten slots. P positive, O neutral, N negative, - unmentioned.
GOLD = [
    {"food": "positive", "price": "negative"},
    {"food": "positive"},
    {"food": "neutral", "price": "positive"},
    {"price": "negative"},
    {},
]
PREDICTED = [
    {"food": "positive", "price": "positive"},
    {"food": "neutral"},
    {"food": "negative", "price": "positive"},
    {"price": "negative"},
    {"price": "neutral"},
]


def aspect_pairs(gold, predicted):
    return [
        Pair(Example(str(row), "x", true), None if guess is None else Prediction(str(row), guess))
        for row, (true, guess) in enumerate(zip(gold, predicted, strict=True))
    ]


def test_published_weights_by_hand():
    # Slots (gold, predicted): PP NP | PO -- | ON PP | -- NN | -- -O.
    # Agreement: 1 + 0 | 0.5 + 1 | 0.67 + 1 | 1 + 1 | 1 + w(-,O) = 0.67  -> 7.84; Po = 0.784.
    # Gold shares: P 3, O 1, N 2, - 4 of 10. Predicted: P 3, O 2, N 2, - 3 of 10.
    # w @ predicted: P: 3 + 1 + 0 + 1.5 = 5.5; O: 2.01 + 2 + 1.34 + 2.01 = 7.36;
    #                N: 0 + 1 + 2 + 1.5 = 4.5; -: 1.5 + 1.34 + 1 + 3 = 6.84.
    # Pe = (3 * 5.5 + 1 * 7.36 + 2 * 4.5 + 4 * 6.84) / 100 = (16.5 + 7.36 + 9 + 27.36) / 100 = 0.6022.
    # kappa = (0.784 - 0.6022) / (1 - 0.6022) = 0.1818 / 0.3978.
    measured = aspects.measure(TASK, aspect_pairs(GOLD, PREDICTED), np.array(TASK.kappa_matrix))
    assert point(measured.statistics["kappa"], 5) == pytest.approx(0.1818 / 0.3978)


def test_the_tasks_default_weights_are_the_published_ones():
    assert np.array_equal(np.array(TASK.kappa_matrix), PUBLISHED)


def test_rows_are_gold():
    # Neutral read as positive costs 0.33, positive read as neutral 0.5: the two must not be mixed up.
    def kappa(gold, predicted):
        gold = [{"food": gold}, {"food": "positive"}, {"food": "neutral"}]
        predicted = [{"food": predicted}, {"food": "positive"}, {"food": "neutral"}]
        task = Aspects(aspects=("food",))
        measured = aspects.measure(task, aspect_pairs(gold, predicted), PUBLISHED)
        return point(measured.statistics["kappa"], 3)

    # gold O, predicted P: Po = 2.67 / 3; gold (P 1, O 2), predicted (P 2, O 1):
    # Pe = (1 * (2 + 0.5) + 2 * (1.34 + 1)) / 9 = 7.18 / 9.
    assert kappa("neutral", "positive") == pytest.approx((2.67 / 3 - 7.18 / 9) / (1 - 7.18 / 9))
    # gold P, predicted O: Po = 2.5 / 3; Pe = (2 * (1 + 1) + 1 * (0.67 + 2)) / 9 = 6.67 / 9.
    assert kappa("positive", "neutral") == pytest.approx((2.5 / 3 - 6.67 / 9) / (1 - 6.67 / 9))


def test_a_missing_prediction_agrees_with_nothing():
    # The last text, all unmentioned, has no prediction: its two slots lose their agreement (1 + 0.67)
    # and leave the predicted shares: P 3, O 1, N 2, - 2 of 10.
    # w @ predicted: P: 3 + .5 + 0 + 1 = 4.5; O: 2.01 + 1 + 1.34 + 1.34 = 5.69; N: 0 + .5 + 2 + 1 = 3.5;
    #                -: 1.5 + .67 + 1 + 2 = 5.17.  Pe = (13.5 + 5.69 + 7 + 20.68) / 100 = 0.4687. Po = 0.617.
    measured = aspects.measure(TASK, aspect_pairs(GOLD, [*PREDICTED[:4], None]), PUBLISHED)
    assert point(measured.statistics["kappa"], 5) == pytest.approx((0.617 - 0.4687) / (1 - 0.4687))


@pytest.mark.parametrize(("scheme", "power"), [("linear", 1), ("quadratic", 2)])
def test_declared_weights_equal_scikit_learn(scheme, power):
    generator = np.random.default_rng(0)
    gold, predicted = generator.integers(0, 5, 300), generator.integers(0, 5, 300)
    predicted = np.where(generator.random(300) < 0.6, gold, predicted)
    labels = tuple("12345")
    distance = np.abs(np.subtract.outer(np.arange(5), np.arange(5))) ** power
    weights = 1 - distance / distance.max()
    task = Classification(labels=labels, kappa_weights=tuple(map(tuple, weights.tolist())))
    pairs = [
        Pair(Example(str(i), "x", labels[g]), Prediction(str(i), labels[p]))
        for i, (g, p) in enumerate(zip(gold, predicted, strict=True))
    ]
    measured = classification.measure(task, pairs, np.array(task.kappa_matrix))
    assert point(measured.statistics["kappa"], 300) == pytest.approx(
        cohen_kappa_score(gold, predicted, weights=scheme)
    )


def test_one_rare_label_among_very_many_still_defines_it():
    n = 200_000
    gold, predicted = np.zeros((n, 1), dtype=np.int64), np.zeros((n, 1), dtype=np.int64)
    gold[0] = predicted[0] = 1
    slots = Slots(("",), ("a", "b"), gold, predicted, None, np.full((n, 1), np.nan))
    assert point(kappa(slots, np.eye(2)), n) == pytest.approx(1)  # both systems agree on everything


def test_undefined_where_chance_alone_agrees():
    pairs = aspect_pairs([{}, {}], [{}, {}])
    assert np.isnan(point(aspects.measure(TASK, pairs, PUBLISHED).statistics["kappa"], 2))
