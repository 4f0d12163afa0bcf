import pytest

from luthier.evaluation import evaluate, fit_baselines
from luthier.evaluation.options import EvaluationOptions
from luthier.tasks import Aspects, Classification, Entity, Example, Extraction, Generation

OPTIONS = EvaluationOptions(bootstrap=0)


def fit(name, task, train):
    return fit_baselines([name], task, train)[0]


def test_majority_of_each_aspect_with_smoothed_shares():
    task = Aspects(aspects=("food", "price"))
    train = [Example("1", "x", {"food": "positive"})] * 3 + [Example("2", "x", {"food": "negative"})]
    prediction = fit("majority", task, train).predict(task, [Example("t", "x")])[0]
    assert prediction.value == {"food": "positive"}
    # Three, none, one and none of four, one added to each of the four labels.
    assert list(prediction.probabilities["food"].values()) == [4 / 8, 1 / 8, 2 / 8, 1 / 8]
    assert prediction.confidence == pytest.approx(4 / 8)


def test_aspects_that_training_did_not_have_get_the_pooled_majority():
    task = Aspects(aspects=("food",))
    other = Aspects(aspects=("queue",), unmentioned="nothing")
    train = [Example(str(i), f"good {i}", {"food": "negative"}) for i in range(6)] + [Example("z", "bad", {})]
    for name in ("majority", "tfidf"):
        assert fit(name, task, train).predict(other, [Example("t", "good")])[0].value == {"queue": "negative"}
    silent = [Example(str(i), f"good {i}", {}) for i in range(6)]
    prediction = fit("majority", task, silent).predict(other, [Example("t", "x")])[0]
    assert prediction.value == {}
    assert prediction.probabilities["queue"]["nothing"] == pytest.approx(7 / 10)


def test_majority_of_several_labels_is_the_most_frequent_set():
    task = Classification(labels=("a", "b", "c"), multi_label=True)
    train = [Example("1", "x", ("a", "b"))] * 2 + [Example("2", "x", ("a",)), Example("3", "x", ())]
    prediction = fit("majority", task, train).predict(task, [Example("t", "x")])[0]
    assert prediction.value == ("a", "b")
    assert prediction.probabilities[""] == {"a": 0.75, "b": 0.5, "c": 0}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", {"good": "great tasty lovely", "bad": "awful cold bland"}),
        ("zh", {"good": "好吃美味", "bad": "难吃冰冷"}),
    ],
)
def test_tfidf_learns_words_and_its_probabilities_sum_to_one(language, words):
    task = Classification(labels=("good", "bad", "never"), language=language)
    train = [Example(f"{label}{i}", f"{text} {i}", label) for i in range(8) for label, text in words.items()]
    predictions = fit("tfidf", task, train).predict(
        task, [Example(label, text) for label, text in words.items()]
    )
    assert [item.value for item in predictions] == ["good", "bad"]
    for item in predictions:
        assert sum(item.probabilities[""].values()) == pytest.approx(1)
        assert item.probabilities[""]["never"] > 0
        assert item.confidence == item.probabilities[""][item.value]


def test_tfidf_has_one_model_an_aspect():
    task = Aspects(aspects=("food", "price"))
    train = [Example(f"f{i}", f"tasty {i}", {"food": "positive"}) for i in range(6)]
    train += [Example(f"p{i}", f"expensive {i}", {"price": "negative"}) for i in range(6)]
    predictions = fit("tfidf", task, train).predict(task, [Example("1", "tasty"), Example("2", "expensive")])
    assert [item.value for item in predictions] == [{"food": "positive"}, {"price": "negative"}]


def test_tfidf_of_several_labels_is_one_against_the_rest():
    task = Classification(labels=("a", "b"), multi_label=True)
    train = [
        Example(f"{i}", f"{'apple ' * a}{'berry ' * b}", ("a",) * a + ("b",) * b)
        for i in range(4)
        for a in (0, 1)
        for b in (0, 1)
    ]
    tests = [Example("1", "apple berry", ("a", "b")), Example("2", "berry", ("b",)), Example("3", "", ())]
    scores = evaluate(task, tests, fit("tfidf", task, train).predict(task, tests), OPTIONS)
    assert scores.metrics["accuracy"].value == 1
    assert scores.metrics["auc"].value == 1


def test_dictionary_takes_the_longest_match_at_word_boundaries():
    task = Extraction(types=("ORG", "PER"))
    train = [
        Example("1", "New York Times", (Entity(0, 14, "ORG", "New York Times"),)),
        Example("2", "New York", (Entity(0, 8, "PER", "New York"),)),
        Example("3", "an", (Entity(0, 2, "PER", "an"),)),
        # "may" is a name once and a verb twice.
        Example("4", "may I, may we, may", (Entity(15, 18, "PER", "may"),)),
    ]
    baseline = fit("majority", task, train)
    assert baseline.name == "dictionary"
    text = "Yes, New York Times and New Yorkers may"
    found = baseline.predict(task, [Example("t", text)])[0].value
    assert found == (Entity(5, 19, "ORG", "New York Times"),)


def test_dictionary_needs_no_spaces_in_chinese():
    task = Extraction(types=("LOC",), language="zh")
    train = [Example("1", "我在北京", (Entity(2, 4, "LOC", "北京"),))]
    found = fit("majority", task, train).predict(task, [Example("t", "去北京吧")])[0].value
    assert found == (Entity(1, 3, "LOC", "北京"),)


@pytest.mark.parametrize(
    ("outputs", "text", "expected"),
    [
        (["x" * 40], "A v1.5 model. It works.", "A v1.5 model."),
        (["x" * 10], "The model works well today.", "The model"),
        (["标题六个字啊"], "本文提出一种新的方法。效果很好。", "本文提出一种"),
    ],
)
def test_lead_is_the_first_sentence_cut_to_the_usual_length(outputs, text, expected):
    train = [Example(str(i), "x", output) for i, output in enumerate(outputs)]
    baseline = fit("majority", Generation(), train)
    assert baseline.name == "lead"
    assert baseline.predict(Generation(), [Example("t", text)])[0].value == expected


def test_tasks_without_labels_have_no_tfidf_and_zero_shot_is_the_models():
    names = ["majority", "tfidf", "zero-shot"]
    train = [Example("1", "x", "y")]
    assert [item.name for item in fit_baselines(names, Generation(), train)] == ["lead"]


def test_tfidf_heeds_the_weights_of_examples():
    task = Classification(labels=("a", "b"))

    def chance(weight):
        # Every text once under each label: only the weights can tell.
        soup = [Example("1", "soup", "a", weight=weight), Example("2", "soup", "b")]
        train = [*soup, Example("3", "tea", "a"), Example("4", "tea", "b")]
        return fit("tfidf", task, train).predict(task, soup[:1])[0].probabilities[""]["a"]

    assert chance(1.0) == pytest.approx(0.5, abs=1e-3)
    assert chance(3.0) > 0.6
