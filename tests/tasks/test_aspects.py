from __future__ import annotations

import pytest
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.tasks.contract import TaskContract

from luthier.tasks import Aspects, RecordError, Task

PUBLISHED = ((1, 0.5, 0, 0.5), (0.67, 1, 0.67, 0.67), (0, 0.5, 1, 0.5), (0.5, 0.67, 0.5, 1))


class TestAspects(TaskContract):
    tasks = (
        Aspects(aspects=("food", "service: bar", 'the "view"')),
        Aspects(aspects=("口味", "服务"), language="zh"),
        Aspects(aspects=("a", "b"), labels=("low", "high"), unmentioned="?"),
    )

    def records(self, task: Task):
        assert isinstance(task, Aspects)
        values = st.sampled_from([*task.labels, task.unmentioned, None])
        return st.fixed_dictionaries(
            {
                "text": st.text(min_size=1, max_size=20).filter(str.strip),
                "aspects": st.dictionaries(st.sampled_from(task.aspects), values),
            }
        )


def test_defaults_follow_the_language_and_are_the_published_ones():
    english, chinese = Aspects(aspects=("a",)), Aspects(aspects=("a",), language="zh")
    assert english.labels == ("positive", "neutral", "negative")
    assert chinese.labels == ("正面", "中性", "负面")
    assert english.numbers_by_label() == {"positive": 1, "neutral": 0, "negative": -1, "not mentioned": -2}
    assert chinese.numbers_by_label() == {"正面": 1, "中性": 0, "负面": -1, "未提及": -2}
    assert english.kappa_matrix == chinese.kappa_matrix == PUBLISHED
    assert english.primary_metric == "kappa"


def test_the_published_weights_are_those_of_the_sentiments_in_any_words():
    assert Aspects(aspects=("a",), labels=("积极", "中性", "消极")).kappa_matrix == PUBLISHED
    two = Aspects(aspects=("a",), labels=("negative", "positive"))
    assert two.kappa_matrix is None
    assert two.primary_metric == "sample_accuracy"
    assert "kappa" not in two.metrics
    assert two.numbers_by_label()["negative"] == -1


def test_other_labels_take_positions_and_declared_weights():
    weights = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    task = Aspects(aspects=("a",), labels=("low", "high"), kappa_weights=weights)
    assert task.numbers_by_label() == {"low": 0, "high": 1, "not mentioned": -1}
    assert task.kappa_matrix == weights


def test_target_holds_mentioned_aspects_in_the_order_of_the_task():
    task = Aspects(aspects=("food", "place", "price"))
    record = {"text": "x", "aspects": {"price": "negative", "place": "not mentioned", "food": "positive"}}
    example = task.example(record, id="1")
    assert list(example.target.items()) == [("food", "positive"), ("price", "negative")]
    assert task.strata(example) == ("food=positive", "price=negative")


def test_a_csv_cell_may_hold_the_object():
    task = Aspects(aspects=("food",))
    assert task.example({"text": "x", "aspects": '{"food": "neutral"}'}, id="1").target == {"food": "neutral"}


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"text": "x"}, "aspects: is missing"),
        ({"text": "x", "aspects": ""}, "aspects: is empty (allowed: an object, {} for none)"),
        ({"text": "x", "aspects": "{'food': 'positive'}"}, 'double quotes: {"a": "b"}'),
    ],
)
def test_what_is_no_object_is_told(record, words):
    with pytest.raises(RecordError) as caught:
        Aspects(aspects=("food",)).example(record, id="1")
    assert words in str(caught.value)


def test_a_wrong_record_tells_every_problem():
    task = Aspects(aspects=("food", "service"))
    record = {"text": "x", "aspects": {"fod": "positive", "service": "bad"}, "reasons": {"srvice": "slow"}}
    with pytest.raises(RecordError) as caught:
        task.example(record, id="1")
    unknown, label, reason = caught.value.problems
    assert (unknown.field, unknown.hint) == ("aspects", "did you mean 'food'?")
    assert (label.field, label.allowed) == ("aspects.service", "positive, neutral, negative")
    assert (reason.field, reason.hint) == ("reasons.srvice", "did you mean 'service'?")


def test_relabel_renames_labels_not_aspects():
    task = Aspects(aspects=("good",))
    renamed = task.relabel({"aspects": {"good": "good"}}, {"good": "positive"})
    assert renamed["aspects"] == {"good": "positive"}


def test_a_test_set_may_have_other_aspects_but_no_unknown_keys():
    task = Aspects(aspects=("food",), language="zh")
    other = task.with_space({"aspects": ["noise"]})
    assert (other.aspects, other.labels) == (("noise",), task.labels)
    with pytest.raises(ValidationError, match="aspcets"):
        task.with_space({"aspcets": ["noise"]})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"aspects": []}, "at least 1"),
        ({"aspects": ["food", "Food "]}, "white space"),
        ({"aspects": ["food", "FOOD"]}, "told apart"),
        ({"aspects": ["a"], "unmentioned": "Positive"}, "told apart"),
        ({"aspects": ["a"], "unmentioned": ""}, "empty"),
        ({"aspects": ["a"], "labels": []}, "at least 1"),
        ({"aspects": ["a"], "kappa_weights": [[1, 0], [0, 1]]}, "4 rows of 4"),
    ],
)
def test_label_spaces_that_cannot_work_are_refused(options, message):
    with pytest.raises(ValidationError, match=message):
        Aspects.model_validate(options)


def test_published_weights_follow_the_declared_order() -> None:
    task = Aspects(type="aspects", aspects=["food"], labels=["negative", "positive", "neutral"])
    matrix = task.kappa_matrix
    assert matrix is not None
    # Published: gold neutral read as positive 0.67, gold positive read as neutral 1/2, as negative 0.
    assert matrix[2][1] == 0.67
    assert matrix[1] == (0.0, 1.0, 0.5, 0.5)
