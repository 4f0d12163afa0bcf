from __future__ import annotations

import re
from collections import Counter
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from luthier.data import AnyBalance, DataOptions, Examples, NoBalance, Oversample, Undersample, Weights, check
from luthier.tasks import Aspects, Classification, Example, Generation

TASK = Classification(labels=("good", "bad"))
MANY = Classification(labels=("a", "b"), multi_label=True, unmentioned="none")
ASPECTS = Aspects(aspects=("food", "price"), labels=("positive", "negative"), unmentioned="nothing")


def examples(*targets, weight=1.0):
    return [Example(str(n), f"text {n}", target, weight=weight) for n, target in enumerate(targets)]


EIGHT_TO_TWO = examples(*["good"] * 8, *["bad"] * 2)


def weights(balance, task, given):
    found, _ = balance.apply(task, given, seed=0)
    return [example.weight for example in found]


def test_weights_are_those_of_scikit_learn():
    from sklearn.utils.class_weight import compute_sample_weight

    expected = compute_sample_weight("balanced", [example.target for example in EIGHT_TO_TWO])
    assert weights(Weights(), TASK, EIGHT_TO_TWO) == pytest.approx(expected.tolist())


def test_a_power_of_one_half_takes_the_square_root():
    # 10 / (2 * 8) and 10 / (2 * 2) are 4 apart, their roots 2: 8 x + 2 (2 x) = 10.
    found = weights(Weights(power=0.5), TASK, EIGHT_TO_TWO)
    assert found == pytest.approx([10 / 12] * 8 + [20 / 12] * 2)


def test_a_weight_of_its_own_is_multiplied():
    own = examples("good", "good", "good", "bad", weight=3.0)
    assert weights(Weights(), TASK, own) == pytest.approx([2.0, 2.0, 2.0, 6.0])


def test_the_weight_of_several_classes_is_their_mean():
    # food: positive 3 of 4, negative 1, so 2/3 and 2; price: nothing 2, negative 2, so 1 and 1.
    given = examples(
        {"food": "positive"},
        {"food": "positive", "price": "negative"},
        {"food": "positive", "price": "negative"},
        {"food": "negative"},
    )
    assert weights(Weights(), ASPECTS, given) == pytest.approx([5 / 6, 5 / 6, 5 / 6, 1.5])
    # a twice, b once, none once: 4/3 on average, so 2/3, 4/3 and 4/3; ("a", "b") has their mean.
    raw = [2 / 3, 1.0, 4 / 3]
    found = weights(Weights(), MANY, examples(("a",), ("a", "b"), ()))
    assert found == pytest.approx([value / mean(raw) for value in raw])


def test_oversampling_repeats_every_rare_record_as_often_as_another():
    given = examples(*["good"] * 7, *["bad"] * 3)
    found, report = Oversample().apply(TASK, given, seed=0)
    assert report.after == {"": {"good": 7, "bad": 7}}
    times = Counter(example.id for example in found)
    assert [times[str(n)] for n in range(7)] == [1] * 7
    assert sorted(times[str(n)] for n in range(7, 10)) == [2, 2, 3]
    assert report.left_out == []


def test_undersampling_names_what_it_leaves_out():
    found, report = Undersample().apply(TASK, EIGHT_TO_TWO, seed=0)
    assert Counter(example.target for example in found) == {"good": 2, "bad": 2}
    assert sorted([*report.left_out, *(example.id for example in found)]) == [str(n) for n in range(10)]


def test_a_power_goes_part_of_the_way():
    # sqrt(16 * 4) = 8
    given = examples(*["good"] * 16, *["bad"] * 4)
    _, more = Oversample(power=0.5).apply(TASK, given, seed=0)
    _, fewer = Undersample(power=0.5).apply(TASK, given, seed=0)
    assert more.after == {"": {"good": 16, "bad": 8}}
    assert fewer.after == {"": {"good": 8, "bad": 4}}


def test_the_seed_decides_who_is_left_out():
    first, second, other = (Undersample().apply(TASK, EIGHT_TO_TWO, seed)[1].left_out for seed in (1, 1, 2))
    assert first == second != other


@pytest.mark.parametrize("balance", [NoBalance(), Weights(), Oversample(), Undersample()])
def test_arrow_and_lists_are_balanced_alike(balance):
    arrow, report = balance.apply(TASK, Examples.of(EIGHT_TO_TWO), seed=3)
    listed, same = balance.apply(TASK, EIGHT_TO_TWO, seed=3)
    assert list(arrow) == list(listed)
    assert report.to_json() == same.to_json()


@given(st.lists(st.sampled_from(["good", "bad"]), min_size=1, max_size=40), st.floats(0.01, 1))
@settings(max_examples=60, deadline=None)
def test_balancing_makes_no_class_rarer_among_the_others(targets, power):
    given = examples(*targets)
    found, _ = Weights(power=power).apply(TASK, given, seed=0)
    assert mean(example.weight for example in found) == pytest.approx(1)
    before = Counter(targets)
    for balance in (Oversample(power=power), Undersample(power=power)):
        after = Counter(example.target for example in balance.apply(TASK, given, seed=0)[0])
        assert after.keys() == before.keys()
        assert max(after.values()) / min(after.values()) <= max(before.values()) / min(before.values())


@pytest.mark.parametrize(
    ("balance", "task", "words"),
    [
        ("oversample", ASPECTS, "'oversample': a record has several classes, .*use `weights`"),
        ("undersample", MANY, "several classes"),
        ("weights", Generation(), "a task of type 'generation' has no classes.*use `none`"),
        ("oversample", Generation(), "no classes"),
    ],
)
def test_a_balance_that_a_task_cannot_have_is_told_before_reading(tmp_path, balance, task, words):
    (tmp_path / "train.jsonl").touch()
    options = DataOptions(train="train.jsonl", balance=balance)
    (problem,) = check(options, task, tmp_path)
    assert problem.field == "data.balance"
    assert re.search(words, str(problem))


def test_a_balance_is_named_or_a_mapping():
    read = TypeAdapter(AnyBalance).validate_python
    assert read("weights") == Weights() == read({"type": "weights", "power": 1})
    assert DataOptions(train="x").balance == NoBalance()
    for wrong in ("weight", {"type": "weights", "power": 0}, {"type": "none", "power": 1}):
        with pytest.raises(ValidationError):
            read(wrong)
