import json

import pytest
from pydantic import ValidationError

from luthier.errors import DataError
from luthier.evaluation import EvaluationOptions, Scores, evaluate
from luthier.inference.prediction import Prediction
from luthier.tasks import Aspects, Classification, Entity, Example, Extraction, Generation

OPTIONS = EvaluationOptions(bootstrap=50)
SPAN = Entity(0, 2, "ORG", "ab")


@pytest.mark.parametrize(
    ("task", "targets"),
    [
        (Classification(labels=("a", "b")), ("a", "b")),
        (Classification(labels=("a", "b"), multi_label=True), (("a",), ())),
        (Aspects(aspects=("food", "price")), ({"food": "positive"}, {"price": "negative"})),
        (Extraction(types=("ORG", "PER")), ((SPAN,), ())),
        (Generation(), ("a summary of four words", "another one of five words")),
    ],
)
def test_a_perfect_prediction_is_perfect_and_scores_survive_json(task, targets):
    examples = [Example(str(at), "abc", target) for at, target in enumerate(targets)]
    predictions = [Prediction(str(at), target, "raw") for at, target in enumerate(targets)]
    scores = evaluate(task, examples, predictions, OPTIONS)
    assert task.primary_metric in scores.metrics
    perfect = {"format_error_rate": 0.0, "bleu": 100.0, "chrf": 100.0}
    for name, score in scores.metrics.items():
        assert score.value == pytest.approx(perfect.get(name, 1.0)), name
    assert Scores.from_json(json.loads(json.dumps(scores.to_json()))) == scores


def test_metrics_come_in_the_tasks_order():
    task = Aspects(aspects=("food", "price"))
    examples = [Example("1", "x", {"food": "positive"}), Example("2", "x", {"price": "negative"})]
    scores = evaluate(task, examples, [Prediction("1", {"food": "positive"}, "t")], OPTIONS)
    shown = [name for name in task.metrics if name in scores.metrics]
    assert list(scores.metrics)[: len(shown)] == shown
    assert {"kappa", "accuracy", "f1_macro", "sample_accuracy", "format_error_rate"} <= scores.metrics.keys()


def test_missing_predictions_are_wrong_and_named():
    task = Aspects(aspects=("food",))
    examples = [Example("1", "x", {}), Example("2", "x", {})]
    scores = evaluate(task, examples, [Prediction("2", {})], OPTIONS)
    assert scores.metrics["accuracy"].value == 0.5
    assert scores.missing == ("1",)


def test_what_cannot_be_joined_is_listed():
    examples = [Example("1", "x", "a"), Example("2", "x")]
    predictions = [Prediction("1", "a"), Prediction("1", "b"), Prediction("9", "a")]
    with pytest.raises(DataError) as caught:
        evaluate(Classification(labels=("a", "b")), examples, predictions, OPTIONS)
    text = str(caught.value)
    assert "'1'" in text
    assert "'9'" in text
    assert "'2'" in text


def test_the_same_seed_gives_the_same_interval():
    examples = [Example(str(i), "x", "a") for i in range(20)]
    predictions = [Prediction(str(i), "ab"[i % 3 == 0]) for i in range(20)]
    task = Classification(labels=("a", "b"))
    first, again, other = (evaluate(task, examples, predictions, OPTIONS, seed).metrics for seed in (0, 0, 1))
    assert first == again
    assert first["accuracy"] != other["accuracy"]


@pytest.mark.parametrize(
    "options", [{"baselines": ["majoriti"]}, {"baselines": ["tfidf", "tfidf"]}, {"confidence": 1}]
)
def test_wrong_options_are_refused(options):
    with pytest.raises(ValidationError):
        EvaluationOptions(**options)
