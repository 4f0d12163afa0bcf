from __future__ import annotations

import pytest
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.tasks.contract import TaskContract

from luthier.tasks import Classification, RecordError, Task

TEXT = st.text(min_size=1, max_size=20).filter(str.strip)


class TestClassification(TaskContract):
    tasks = (
        Classification(labels=("positive", "negative")),
        Classification(labels=("蕴含", "中立", "矛盾"), pair=True, language="zh"),
        Classification(labels=("a", "b", "c"), multi_label=True),
        Classification(labels=("low", "high"), kappa_weights=((1, 0.5), (0.5, 1))),
    )

    def records(self, task: Task):
        assert isinstance(task, Classification)
        columns = {"text": TEXT}
        if task.pair:
            columns["text_pair"] = TEXT
        if task.multi_label:
            columns["labels"] = st.lists(st.sampled_from(task.labels), unique=True)
        else:
            columns["label"] = st.sampled_from(task.labels)
        return st.fixed_dictionaries(columns)


def problems(task, record):
    with pytest.raises(RecordError) as caught:
        task.example(record, id="x")
    return [str(problem) for problem in caught.value.problems]


def test_an_unknown_label_is_told_with_the_nearest_one_and_how_to_map_it():
    (problem,) = problems(Classification(labels=("positive", "negative")), {"text": "ok", "label": "Postive"})
    assert "unknown label 'Postive'" in problem
    assert "allowed: positive, negative" in problem
    assert "did you mean 'positive'?" in problem
    assert '`label_map: {"Postive": positive}`' in problem


def test_all_problems_of_a_record_come_at_once():
    found = problems(
        Classification(labels=("a", "b"), pair=True), {"text": " ", "label": None, "weight": "heavy"}
    )
    assert [problem.split(":")[0] for problem in found] == ["text", "text_pair", "label", "weight"]


@pytest.mark.parametrize("value", [1, 1.0, "1"])
def test_a_number_in_the_file_is_the_label_of_its_digits(value):
    task = Classification(labels=(0, 1))
    assert task.labels == ("0", "1")
    assert task.example({"text": "x", "label": value}, id="1").target == "1"


@pytest.mark.parametrize("value", ["c|a", ["a", "c"], '["c", "a"]', " a | c "])
def test_several_labels_come_in_the_order_of_the_label_space(value):
    task = Classification(labels=("a", "b", "c"), multi_label=True)
    assert task.example({"text": "x", "labels": value}, id="1").target == ("a", "c")


@pytest.mark.parametrize("value", ["", [], "none", None])
def test_no_label_at_all_is_the_empty_set(value):
    task = Classification(labels=("a", "b"), multi_label=True)
    example = task.example({"text": "x", "labels": value}, id="1")
    assert example.target == ()
    assert task.strata(example) == ("none",)
    assert task.schema().fields[0].unmentioned == "none"


def test_a_label_listed_twice_is_refused():
    task = Classification(labels=("a", "b"), multi_label=True)
    assert problems(task, {"text": "x", "labels": ["a", "a"]}) == ["labels: lists 'a' more than once"]


@pytest.mark.parametrize("value", [1.5, float("nan"), {"x": 1}, None, ""])
def test_relabel_leaves_what_is_no_list_of_labels(value):
    task = Classification(labels=("a", "b"), multi_label=True)
    assert task.relabel({"labels": value}, {"x": "a"})["labels"] is value


def test_white_space_around_a_label_is_no_part_of_it():
    task = Classification(labels=("good", "bad"))
    assert task.example({"text": "x", "label": " good\u3000"}, id="1").target == "good"
    assert task.relabel({"label": "1 "}, {"1": "good"})["label"] == "good"
    assert task.relabel({"label": " 1"}, {" 1": "bad", "1": "good"})["label"] == "bad"


def test_a_list_as_python_prints_it_is_told_how_to_write_it():
    task = Classification(labels=("a", "b"), multi_label=True)
    (problem,) = problems(task, {"text": "x", "labels": "['a', 'b']"})
    assert "double quotes" in problem
    (problem,) = problems(Classification(labels=("a", "b")), {"text": b"x", "label": "a"})
    assert problem == "text: is of type bytes (allowed: a text)"


def test_reason_and_reasons_name_the_only_field():
    task = Classification(labels=("a", "b"))
    one = task.example({"text": "x", "label": "a", "reason": "so"}, id="1")
    other = task.example({"text": "x", "label": "a", "reasons": {"": "so"}}, id="1")
    assert one.reasons == other.reasons == {"": "so"}


def test_an_unreadable_answer_is_no_label():
    task = Classification(labels=("a", "b"))
    example = task.example({"text": "x", "label": "a"}, id="1")
    assert task.target({}, example) == ""


def test_relabel_renames_and_leaves_the_rest():
    single = Classification(labels=("good", "bad"))
    assert single.relabel({"text": "1", "label": 1}, {"1": "good"}) == {"text": "1", "label": "good"}
    several = Classification(labels=("good", "bad"), multi_label=True)
    assert several.relabel({"labels": "x|y"}, {"x": "good"})["labels"] == ["good", "y"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": ["a"]}, "at least 2"),
        ({"labels": ["a", "Ａ"]}, "told apart"),
        ({"labels": ["a", ""]}, "empty"),
        ({"labels": ["a", " b"]}, "white space"),
        ({"labels": ["a", "b"], "unmentioned": "c"}, "multi_label"),
        ({"labels": ["a", "none"], "multi_label": True}, "told apart"),
        ({"labels": ["a", "b"], "numbers": {"a": 1}}, "missing: b"),
        ({"labels": ["a", "b"], "numbers": {"a": 1, "b": 1}}, "must differ"),
        ({"labels": ["a", "b"], "kappa_weights": [[1, 0]]}, "2 rows of 2"),
        ({"labels": ["a", "b"], "kappa_weights": [[1, 2], [0, 1]]}, "between 0"),
        ({"labels": ["a", "b"], "kappa_weights": [[0.5, 0], [0, 1]]}, "diagonal"),
        ({"labels": ["a", "b"], "multi_label": True, "kappa_weights": [[1, 0], [0, 1]]}, "single labels"),
    ],
)
def test_label_spaces_that_cannot_work_are_refused(options, message):
    with pytest.raises(ValidationError, match=message):
        Classification.model_validate(options)


def test_metrics_follow_the_kind():
    assert Classification(labels=("a", "b")).primary_metric == "accuracy"
    several = Classification(labels=("a", "b"), multi_label=True)
    assert several.primary_metric == "f1_macro"
    assert "mcc" not in several.metrics
    assert several.numbers_by_label() == {"a": 0, "b": 1, "none": -1}
