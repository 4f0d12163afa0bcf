import pytest
from sklearn.metrics import f1_score

from luthier.evaluation.intervals import point
from luthier.evaluation.metrics.aspects import measure
from luthier.evaluation.pairs import Pair
from luthier.inference.prediction import Prediction
from luthier.tasks import Aspects, Example

TASK = Aspects(aspects=("food", "price"))
GOLD = [{"food": "positive"}, {"food": "negative", "price": "neutral"}, {}]
PREDICTED = [{"food": "positive"}, {"food": "negative", "price": "positive"}, {"price": "neutral"}]


@pytest.fixture
def measured():
    pairs = [
        Pair(Example(str(i), "x", gold), Prediction(str(i), guess))
        for i, (gold, guess) in enumerate(zip(GOLD, PREDICTED, strict=True))
    ]
    return measure(TASK, pairs, None)


def test_pooled_over_slots(measured):
    got = {name: point(item, 3) for name, item in measured.statistics.items()}
    # Right: food +, price -, food -, food - (unmentioned); wrong: price of the second and the third text.
    assert got["accuracy"] == pytest.approx(4 / 6)
    assert got["sample_accuracy"] == pytest.approx(1 / 3)
    gold = ["+", "", "-", "o", "", ""]
    predicted = ["+", "", "-", "+", "", "o"]
    assert got["f1_macro"] == pytest.approx(f1_score(gold, predicted, average="macro"))


def test_by_aspect(measured):
    by_aspect = {
        name: {metric: point(item, 3) for metric, item in statistics.items()}
        for name, statistics in measured.by_field.items()
    }
    assert by_aspect["food"]["accuracy"] == 1
    assert by_aspect["price"]["accuracy"] == pytest.approx(1 / 3)
    assert measured.support == {"food": 2, "price": 1}
    # Labels: positive, neutral, negative, not mentioned.
    assert measured.confusion["price"].matrix == ((0, 0, 0, 0), (1, 0, 0, 0), (0, 0, 0, 0), (0, 1, 0, 1))
