"""What train gives up. Of the 86 5-grams of `LONG` a letter at its end changes one: (85 / 87) is near."""

from __future__ import annotations

import pytest

from luthier.data.comparison import Comparison
from luthier.data.examples import Examples
from luthier.data.journal import Journal
from luthier.data.removal import find_conflicts, find_leaked, find_repeated, remove_leaked, remove_repeated
from luthier.errors import DataError
from luthier.tasks import Classification, Entity, Example, Extraction, Generation, Target, Turn

TASK = Classification(labels=("good", "bad"))
LONG = "the soup that they serve here on a rainy day is the best of the whole town, said the cook {}"


def compared(**sets: list[Example]) -> Comparison:
    return Comparison.of({role.replace("_", "/"): Examples.of(found) for role, found in sets.items()})


def labelled(*records: tuple[str, Target]) -> list[Example]:
    return [Example(f"{n}", text, target) for n, (text, target) in enumerate(records)]


def places(removals) -> list[tuple[int, int, str]]:
    return [(item.position, item.other, item.reason) for item in removals]


def test_equal_texts_with_the_same_target_repeat_the_first() -> None:
    train = labelled(
        ("Soup!", "good"), ("ＳＯＵＰ！", "good"), ("soup!  ", "bad"), ("Soup!", "good"), ("tea", "good")
    )
    assert places(find_repeated(compared(train=train))) == [(1, 0, "equal"), (3, 0, "equal")]


def test_nearly_equal_texts_repeat_one_that_stays() -> None:
    train = labelled((LONG.format("a"), "good"), (LONG.format("b"), "good"), (LONG.format("c"), "bad"))
    assert places(find_repeated(compared(train=train))) == [(1, 0, "near")]
    # A chain: the second is near the first and the third near the second alone, so the third stays.
    words = [f"word{n:02}" for n in range(60)]
    chain = [" ".join([*words[6 * n :], *(f"new{m:03}" for m in range(6 * n))]) for n in range(3)]
    found = compared(train=labelled(*((text, "good") for text in chain)))
    assert {(pair.first, pair.second) for pair in found.duplicates.pairs} == {(0, 1), (1, 2)}
    assert places(find_repeated(found)) == [(1, 0, "near")]


def test_the_same_text_with_different_targets_stays_and_is_listed() -> None:
    train = labelled(("Soup!", "good"), ("soup!", "bad"), ("tea", "good"))
    held = compared(train=train, validation=labelled(("tea", "bad")), test_id=labelled(("Soup!", "bad")))
    assert find_repeated(held) == []
    found = find_conflicts(held, TASK)
    assert [[(item["split"], item["target"]) for item in conflict.records] for conflict in found] == [
        [("train", "good"), ("train", "bad")],
        [("train", "good"), ("validation", "bad")],
    ]


def test_entities_are_the_same_target_by_type_and_surface() -> None:
    def dish(text: str, start: int, surface: str) -> Example:
        return Example("x", text, (Entity(start, start + len(surface), "DISH", surface),))

    train = [dish("hot soup", 4, "soup"), dish("Hot  Soup", 5, "Soup"), dish("hot soup", 0, "hot")]
    assert places(find_repeated(compared(train=train))) == [(1, 0, "equal")]
    assert len(find_conflicts(compared(train=train), Extraction(types=("DISH",)))) == 1


def test_the_same_words_in_another_dialogue_are_another_record() -> None:
    def turn(before: str) -> Example:
        return Example("x", "Yes, please.", "Done.", history=(Turn("user", "Hi"), Turn("assistant", before)))

    train = [turn("Shall I book a table?"), turn("Shall I cancel it?"), turn("shall I book a table?")]
    found = compared(train=train, test_id=[turn("Shall I cancel it?")])
    assert places(find_repeated(found)) == [(2, 0, "equal")]
    assert places(find_leaked(found)) == [(1, 3, "equal")]


def test_what_stands_in_a_held_out_set_leaves_train_whatever_its_target() -> None:
    train = labelled(("tea", "good"), ("Soup!", "bad"), (LONG.format("a"), "good"), ("soup!", "good"))
    tests = labelled(("soup!", "good"), (LONG.format("b"), "bad"))
    found = compared(train=train, validation=labelled(("tea", "bad")), test_id=tests)
    assert places(find_leaked(found)) == [(0, 4, "equal"), (1, 5, "equal"), (2, 6, "near"), (3, 5, "equal")]
    assert find_leaked(compared(train=train)) == []


def test_modes_decide_what_goes_and_rows_say_why() -> None:
    train = labelled((LONG.format("a"), "good"), (LONG.format("b"), "good"), ("tea", "bad"), ("TEA", "bad"))
    whole = compared(train=train)
    for mode, left, counts in (
        ("report", 4, {"near, kept": 1, "equal, kept": 1}),
        ("equal", 3, {"near, kept": 1, "equal, left out": 1}),
        ("near", 2, {"near, left out": 1, "equal, left out": 1}),
    ):
        dropped = Journal()
        found, told = remove_repeated(whole, TASK.record, mode, dropped)
        assert (found.train, told, len(dropped)) == (left, counts, 4 - left)
    assert [example.id for example in found.sets["train"]] == ["0", "2"]
    near, equal = dropped
    assert (near["id"], near["reason"], near["of"]) == (
        "1",
        "near",
        {"split": "train", "id": "0", "origin": ""},
    )
    assert 0.8 <= near["similarity"] < 1
    assert (equal["stage"], equal["record"]) == ("duplicates", {"id": "3", "text": "TEA", "label": "bad"})


def test_what_is_left_is_compared_as_if_the_rest_had_never_been_there() -> None:
    train = labelled(("tea", "good"), (LONG.format("a"), "good"), ("Tea", "bad"), (LONG.format("b"), "bad"))
    tests = labelled(("TEA", "good"), (LONG.format("c"), "bad"))
    found = compared(train=train, test_id=tests).without({0, 1})
    plain = compared(train=train[2:], test_id=tests)
    assert found.duplicates == plain.duplicates
    assert (list(found.places), list(found.targets)) == (list(plain.places), list(plain.targets))
    assert list(found.sets["train"]) == train[2:]


def test_nothing_left_to_learn_from_is_refused_with_the_way_out() -> None:
    same = labelled(("tea", "good"), ("soup", "bad"))
    with pytest.raises(DataError, match=r"all of its 2 records(.|\n)*leaks: report"):
        remove_leaked(compared(train=same, test_id=same), TASK.record, "remove", Journal())
    kept, counts = remove_leaked(compared(train=same, test_id=same), TASK.record, "report", Journal())
    assert (kept.train, counts) == (2, {})


def test_free_texts_are_targets_letter_for_letter() -> None:
    train = labelled(("say it", "Yes"), ("say it", "yes"), ("say it", "Yes"))
    assert places(find_repeated(compared(train=train))) == [(2, 0, "equal")]
    # A question may have several answers.
    assert find_conflicts(compared(train=train), Generation()) == []
