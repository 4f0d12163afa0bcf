from __future__ import annotations

import pytest

from luthier.data import count_classes, find_imbalances
from luthier.tasks import Aspects, Classification, Entity, Example, Extraction, Generation

SINGLE = Classification(labels=("good", "bad", "odd"))
MANY = Classification(labels=("a", "b"), multi_label=True, unmentioned="none")
ASPECTS = Aspects(aspects=("food", "price"), labels=("positive", "negative"), unmentioned="not mentioned")
SPANS = Extraction(types=("ORG", "LOC"))


def examples(*targets):
    return [Example(str(n), "Paris and Rome", target) for n, target in enumerate(targets)]


@pytest.mark.parametrize(
    ("task", "targets", "counts"),
    [
        (SINGLE, ["good", "bad", "good"], {"": {"good": 2, "bad": 1, "odd": 0}}),
        (MANY, [("a",), ("a", "b"), ()], {"": {"a": 2, "b": 1, "none": 1}}),
        (
            ASPECTS,
            [{"food": "positive"}, {"food": "positive", "price": "negative"}],
            {
                "food": {"positive": 2, "negative": 0, "not mentioned": 0},
                "price": {"positive": 0, "negative": 1, "not mentioned": 1},
            },
        ),
        # A record counts once for a type, however many entities it has of it.
        (
            SPANS,
            [(Entity(0, 5, "LOC", "Paris"), Entity(10, 14, "LOC", "Rome")), ()],
            {"": {"ORG": 0, "LOC": 1, "none": 1}},
        ),
        (Generation(), ["any text"], {}),
    ],
)
def test_every_task_counts_its_classes(task, targets, counts):
    assert count_classes(task, examples(*targets)) == counts


def test_absent_rare_and_skewed_labels_are_told():
    counts = {"": {"good": 300, "bad": 30, "odd": 4, "never": 0}}
    found = {item.label: (item.kind, item.count, item.ratio) for item in find_imbalances(counts, None)}
    assert found == {"odd": ("few", 4, 75.0), "never": ("absent", 0, None)}
    (skewed,) = find_imbalances({"": {"good": 300, "bad": 30}}, None)
    assert (skewed.kind, skewed.label, skewed.ratio) == ("skewed", "bad", 10.0)
    assert find_imbalances({"": {"good": 299, "bad": 30}}, None) == []


def test_what_is_not_mentioned_is_no_label_to_balance():
    counts = {"food": {"positive": 20, "negative": 15, "not mentioned": 5000}}
    assert find_imbalances(counts, "not mentioned") == []
    assert len(find_imbalances(counts, None)) == 1
