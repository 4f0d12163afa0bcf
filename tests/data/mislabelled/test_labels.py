from __future__ import annotations

import pytest

from luthier.data.mislabelled import MislabelledReport, rank_labels
from luthier.tasks import Aspects, Classification, Example

SINGLE = Classification(labels=("good", "bad", "never"))
MANY = Classification(labels=("a", "b"), multi_label=True, unmentioned="none")
ASPECTS = Aspects(aspects=("food", "price"), labels=("positive", "negative"), unmentioned="nothing")


def binary(first, second, p):
    return {first: p, second: 1 - p}


def test_labels_that_a_model_is_sure_against_are_ranked_and_others_left_out():
    # Ten of each, read as they are given; numbers 3 and 12 are read as the other, 12 the more surely.
    targets = ["good"] * 10 + ["bad"] * 10
    chance = [0.9] * 10 + [0.1] * 10
    chance[3], chance[12] = 0.1, 0.95
    chance[7] = 0.45  # read as the other, but too unsurely: below what others of "bad" get
    examples = [Example(str(n), f"text {n}", target, origin=f"f:{n}") for n, target in enumerate(targets)]
    rows = [{"": {**binary("good", "bad", p), "never": 0.0}} for p in chance]
    suspects = rank_labels(SINGLE, examples, rows)
    assert [(item.example.id, item.suggested, item.fields) for item in suspects] == [
        ("12", "good", ("",)),
        ("3", "bad", ("",)),
    ]
    assert [item.score for item in suspects] == pytest.approx([0.05, 0.1])
    assert suspects[0].to_row() == {
        "id": "12",
        "origin": "f:12",
        "text": "text 12",
        "fields": [""],
        "given": "bad",
        "suggested": "good",
        "score": 0.05,
        "decision": "",
    }


def test_several_doubted_aspects_make_one_suspect():
    positive = {"food": "positive", "price": "negative"}
    examples = [Example(str(n), "t", positive if n % 2 else {"food": "negative"}) for n in range(20)]
    rows = [
        {
            "food": {"positive": 0.9, "negative": 0.05, "nothing": 0.05}
            if n % 2
            else {"positive": 0.05, "negative": 0.9, "nothing": 0.05},
            "price": {"positive": 0.0, "negative": 0.9, "nothing": 0.1}
            if n % 2
            else {"positive": 0.0, "negative": 0.1, "nothing": 0.9},
        }
        for n in range(20)
    ]
    rows[4], rows[5] = rows[5], rows[4]
    four, five = sorted(rank_labels(ASPECTS, examples, rows), key=lambda item: item.example.id)
    assert (four.example.id, four.suggested) == ("4", {"food": "positive", "price": "negative"})
    assert (five.example.id, five.suggested) == ("5", {"food": "negative"})
    assert four.fields == five.fields == ("food", "price")
    # Nobody has no food, so that is no choice: 0.05 of the remaining 0.95.
    assert four.score == pytest.approx(0.05 / 0.95)
    report = MislabelledReport.of([four, five], model="tfidf", examples=20, unjudged=0)
    assert (report.suspects, report.by_field, report.changes) == (2, {"food": 2, "price": 2}, {})


def test_each_of_several_labels_is_added_or_taken_away():
    examples = [Example(str(n), "t", ("a",) if n % 2 else ("a", "b") if n % 4 else ("b",)) for n in range(24)]
    rows = [
        {"": {label: 0.9 if label in example.target else 0.1 for label in ("a", "b")}} for example in examples
    ]
    rows[1] = {"": {"a": 0.9, "b": 0.95}}
    rows[2] = {"": {"a": 0.02, "b": 0.9}}
    suspects = rank_labels(MANY, examples, rows)
    assert [(item.example.id, item.suggested, item.fields) for item in suspects] == [
        ("2", ("b",), ("a",)),
        ("1", ("a", "b"), ("b",)),
    ]


def test_a_field_that_always_says_the_same_is_not_doubted():
    examples = [Example(str(n), "t", "good") for n in range(5)]
    assert rank_labels(SINGLE, examples, [{"": {"good": 0.1, "bad": 0.9, "never": 0}}] * 5) == []


def test_missing_probabilities_are_named():
    with pytest.raises(ValueError, match="no probabilities for 'price'"):
        rank_labels(ASPECTS, [Example("1", "t", {})], [{"food": {"positive": 1.0}}])


def test_the_second_text_of_a_pair_stands_in_the_list():
    task = Classification(labels=("yes", "no"), pair=True)
    examples = [Example(str(n), "t", ("yes", "no")[n % 2], text_pair=f"pair {n}") for n in range(10)]
    rows = [{"": binary("yes", "no", 0.1 if n % 2 else 0.9)} for n in range(10)]
    rows[0] = {"": binary("yes", "no", 0.05)}
    (suspect,) = rank_labels(task, examples, rows)
    assert suspect.to_row()["text_pair"] == "pair 0"
    report = MislabelledReport.of([suspect], model="tfidf", examples=10, unjudged=2)
    assert report.to_json() == {
        "model": "tfidf",
        "examples": 10,
        "unjudged": 2,
        "suspects": 1,
        "by_field": {"": 1},
        "changes": {"yes -> no": 1},
    }
