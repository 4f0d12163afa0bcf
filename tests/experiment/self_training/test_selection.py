from collections import Counter
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from luthier.experiment.self_training.selection import FULL, NOT_TOP, UNCERTAIN, Candidates, Selection


def candidates(*rows: tuple[float, str]) -> Candidates:
    """Rows of (confidence, classes joined by a plus)."""
    found = Candidates()
    for confidence, classes in rows:
        found.add(confidence, classes.split("+") if classes else ())
    return found


def taken(found: Candidates, rule: Selection, gold: dict[str, int] | None = None) -> list[int]:
    return [at for at, reason in enumerate(rule.select(found, gold)) if not reason]


def test_a_threshold_takes_what_reaches_it():
    rows = candidates((0.95, "a"), (0.9, "b"), (0.89, "a"))
    assert Selection(confidence=0.9).select(rows) == ["", "", UNCERTAIN]


def test_a_top_share_is_taken_of_each_class_by_itself():
    # All of b is less certain than any of a, and still has its half.
    rows = candidates((0.9, "a"), (0.8, "a"), (0.7, "a"), (0.6, "a"), (0.3, "b"), (0.4, "b"))
    assert Selection(top=0.5).select(rows) == ["", "", NOT_TOP, NOT_TOP, NOT_TOP, ""]


def test_a_top_share_takes_at_least_one_of_each_class():
    assert taken(candidates((0.9, "a"), (0.2, "b")), Selection(top=0.01)) == [0, 1]


def test_two_classes_get_the_proportions_of_the_gold():
    rows = candidates(*[(0.99 - n / 1000, "a") for n in range(8)], (0.95, "b"), (0.95, "b"))
    rule = Selection(confidence=0.9)
    assert taken(rows, rule, {"a": 50, "b": 50}) == [0, 1, 8, 9]
    assert taken(rows, rule, {"a": 20, "b": 10}) == [0, 1, 2, 3, 8, 9]
    assert rule.select(rows, {"a": 20, "b": 10})[4] == FULL


def test_a_class_of_which_nothing_passed_does_not_stop_many_others_but_one_of_two():
    rows = candidates(*[(0.95, "a")] * 9, *[(0.95, "b")] * 3)
    rule = Selection(confidence=0.9)
    # r is 0, 3 and 9 times the gold: the middle one is the measure.
    assert len(taken(rows, rule, {"a": 1, "b": 1, "c": 1})) == 6
    assert taken(candidates((0.95, "a")), rule, {"a": 1, "c": 1}) == []


def test_a_class_that_the_gold_does_not_have_gets_nothing():
    rows = candidates((0.95, "a"), (0.95, "x"))
    assert taken(rows, Selection(confidence=0.9), {"a": 1}) == [0]


def test_an_example_of_several_classes_needs_room_in_each():
    rows = candidates((0.99, "food=good"), (0.98, "food=good+price=bad"), (0.97, "price=bad"), (0.96, ""))
    gold = {"food=good": 1, "price=bad": 1, "": 1}
    # Passed: 2, 2, 1 against 1, 1, 1 in the gold; two of each class but one of nothing.
    assert taken(rows, Selection(confidence=0.9), gold) == [0, 1, 2, 3]
    assert taken(rows, Selection(confidence=0.9), {"food=good": 2, "price=bad": 2, "": 2}) == [0, 1, 2, 3]
    # Passed: 2 of food, 1 of price, against 2 and 2: the lower ratio leaves room for one of each.
    assert taken(rows, Selection(confidence=0.975), {"food=good": 2, "price=bad": 2}) == [0]


def test_what_has_a_reason_against_it_is_no_candidate():
    rows = candidates((0.95, "a"))
    rows.add(0.99, ["b"], "format error")
    assert Selection().select(rows) == ["", "format error"]


@given(
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from("abc")), max_size=60),
    st.fixed_dictionaries({name: st.integers(1, 40) for name in "abc"}),
)
def test_no_class_exceeds_its_gold_by_more_than_the_middle_class(rows, gold):
    found = candidates(*rows)
    counts = Counter(rows[at][1] for at in taken(found, Selection(confidence=0.5), gold))
    passed = Counter(name for confidence, name in rows if confidence >= 0.5)
    middle = sorted(passed[name] / gold[name] for name in "abc")[1]
    for name in "abc":
        assert counts[name] == min(passed[name], ceil(middle * gold[name] - 1e-9))
