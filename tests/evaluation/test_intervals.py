import time

import numpy as np
import pytest

from luthier.evaluation.evaluate import measure
from luthier.evaluation.intervals import resample_weights, score_all
from luthier.evaluation.options import EvaluationOptions
from luthier.evaluation.pairs import Pair
from luthier.evaluation.statistic import mean_of
from luthier.inference.prediction import Prediction
from luthier.tasks import Classification, Entity, Example, Extraction, Generation


def test_the_interval_of_a_mean_is_the_normal_one_for_many_examples():
    values = np.random.default_rng(0).normal(size=2000)
    options = EvaluationOptions(bootstrap=4000)
    score = score_all({"mean": mean_of(values)}, 2000, options, 1)["mean"]
    half = 1.96 * values.std() / np.sqrt(2000)
    assert score.value == pytest.approx(values.mean())
    assert score.low == pytest.approx(values.mean() - half, abs=0.05 * half)
    assert score.high == pytest.approx(values.mean() + half, abs=0.05 * half)


def test_weights_are_draws_with_replacement_and_follow_the_seed():
    weights = np.concatenate(list(resample_weights(50, 300, 7)), axis=1)
    assert weights.shape == (50, 300)
    assert (weights.sum(axis=0) == 50).all()
    assert weights.var() == pytest.approx(1 - 1 / 50, rel=0.05)  # binomial(50, 1/50)
    again = np.concatenate(list(resample_weights(50, 300, 7)), axis=1)
    assert (weights == again).all()
    assert not (weights == np.concatenate(list(resample_weights(50, 300, 8)), axis=1)).all()


def test_a_resample_scores_as_its_examples_repeated():
    generator = np.random.default_rng(2)
    labels = ("a", "b", "c")
    task = Classification(labels=labels, kappa_weights=((1, 0.5, 0), (0.5, 1, 0.5), (0, 0.5, 1)))
    pairs = []
    for row in range(40):
        scores = generator.dirichlet(np.ones(3)).round(1) + 0.01
        probabilities = {"": dict(zip(labels, (scores / scores.sum()).tolist(), strict=True))}
        guess = labels[int(scores.argmax())]
        gold = guess if generator.random() < 0.6 else labels[int(generator.integers(3))]
        pairs.append(
            Pair(Example(str(row), "x", gold), Prediction(str(row), guess, probabilities=probabilities))
        )
    weights = next(iter(resample_weights(40, 5, 0)))
    statistics = measure(task, pairs).statistics
    assert {"kappa", "auc", "ece", "log_loss", "mcc", "f1_macro"} <= statistics.keys()
    for column in range(5):
        repeated = [pair for pair, n in zip(pairs, weights[:, column], strict=True) for _ in range(int(n))]
        expected = measure(task, repeated).statistics
        for name, statistic in statistics.items():
            plain = expected[name](np.ones((40, 1)))[0]
            assert statistic(weights)[column] == pytest.approx(plain), name


def test_no_resamples_no_interval():
    score = score_all({"m": mean_of(np.array([1.0, 0.0]))}, 2, EvaluationOptions(bootstrap=0), 0)["m"]
    assert (score.value, score.low, score.high) == (0.5, None, None)


def classified(n, generator):
    labels = tuple("abcdefgh")
    task = Classification(labels=labels)
    for row in range(n):
        scores = dict(zip(labels, generator.dirichlet(np.ones(8)).tolist(), strict=True))
        guess = max(scores, key=scores.get)
        yield (
            task,
            Pair(
                Example(str(row), "x", labels[int(generator.integers(8))]),
                Prediction(str(row), guess, probabilities={"": scores}),
            ),
        )


def written(n, generator):
    for row in range(n):
        words = [" ".join(map(str, generator.integers(0, 50, 20))) for _ in range(2)]
        yield Generation(), Pair(Example(str(row), "x", words[0]), Prediction(str(row), words[1]))


def tagged(n, generator):
    task = Extraction(types=("A", "B"))
    for row in range(n):
        spans = [
            tuple(Entity(int(s), int(s) + 2, "A", "xx") for s in set(generator.integers(0, 9, 3)))
            for _ in "gp"
        ]
        yield task, Pair(Example(str(row), "x" * 12, spans[0]), Prediction(str(row), spans[1]))


@pytest.mark.parametrize("kind", [classified, written, tagged])
def test_a_thousand_resamples_of_two_thousand_examples_take_under_two_seconds_a_metric(kind):
    rows = list(kind(2000, np.random.default_rng(0)))
    statistics = measure(rows[0][0], [pair for _, pair in rows]).statistics
    for name, statistic in statistics.items():
        begin = time.process_time()
        scores = score_all({name: statistic}, 2000, EvaluationOptions(bootstrap=1000), 0)
        assert time.process_time() - begin < 2, name
        assert scores[name].low <= scores[name].value <= scores[name].high
