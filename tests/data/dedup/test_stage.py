from __future__ import annotations

from luthier.data import Examples
from luthier.data.dedup import drop_copies
from luthier.data.journal import Journal
from luthier.tasks import Classification, Entity, Example, Turn

TASK = Classification(labels=["good", "bad"])
SOUP = "the soup was cold and the waiter was slow"


def example(id, text, target, **more):
    return Example(id, text, target, origin=f"f.jsonl:{id}", **more)


def test_copies_go_conflicts_stay_and_are_told(tmp_path):
    examples = Examples.of(
        [
            example("1", SOUP, "bad"),
            example("2", SOUP.upper(), "bad"),
            example("3", SOUP, "good"),
            example("4", "something else entirely", "good"),
            example("5", SOUP + "!", "bad"),
        ]
    )
    dropped = Journal(tmp_path / "dropped.jsonl")
    kept, report = drop_copies(examples, TASK.record, dropped=dropped)
    assert [item.id for item in kept] == ["1", "3", "4"]
    assert (report.read, report.kept) == (5, 3)
    assert report.counts == {"equal, left out": 1, "near, left out": 1}
    first = {"id": "1", "origin": "f.jsonl:1"}
    assert list(dropped) == [
        {
            "id": "2",
            "origin": "f.jsonl:2",
            "stage": "duplicates",
            "reason": "equal",
            "of": first,
            "similarity": 1.0,
            "record": {"id": "2", "text": SOUP.upper(), "label": "bad"},
        },
        {
            "id": "5",
            "origin": "f.jsonl:5",
            "stage": "duplicates",
            "reason": "near",
            "of": first,
            "similarity": 0.973,  # 36 of 37 grams
            "record": {"id": "5", "text": SOUP + "!", "label": "bad"},
        },
    ]
    (conflict,) = report.conflicts
    assert conflict.text == SOUP
    assert conflict.records == (
        {**first, "target": "bad"},
        {"id": "3", "origin": "f.jsonl:3", "target": "good"},
    )


TEXTS = (SOUP, SOUP + "!", SOUP, SOUP + "!")


def test_near_copies_stay_and_are_counted_where_only_equal_ones_go(tmp_path):
    examples = Examples.of([example(str(number), text, "bad") for number, text in enumerate(TEXTS)])
    dropped = Journal(tmp_path / "dropped.jsonl")
    kept, report = drop_copies(examples, TASK.record, "equal", dropped=dropped)
    assert [item.id for item in kept] == ["0", "1"]
    assert report.counts == {"near, kept": 1, "equal, left out": 2}
    assert [(row["id"], row["of"]["id"], row["similarity"]) for row in dropped] == [
        ("2", "0", 1),
        ("3", "1", 1),
    ]


def test_an_equal_copy_of_a_near_one_that_goes_names_one_that_stays(tmp_path):
    examples = Examples.of([example(str(number), text, "bad") for number, text in enumerate(TEXTS)])
    dropped = Journal(tmp_path / "dropped.jsonl")
    kept, report = drop_copies(examples, TASK.record, dropped=dropped)
    assert [item.id for item in kept] == ["0"]
    assert report.counts == {"near, left out": 1, "equal, left out": 2}
    assert {row["of"]["id"] for row in dropped} == {"0"}
    assert [row["similarity"] for row in dropped] == [0.973, 1.0, 0.973]


def test_all_stay_where_they_are_only_to_be_counted():
    examples = Examples.of([example(str(number), text, "bad") for number, text in enumerate(TEXTS)])
    kept, report = drop_copies(examples, TASK.record, "report")
    assert len(kept) == 4
    assert report.counts == {"near, kept": 1, "equal, kept": 2}


def test_entities_are_the_same_wherever_they_stand_and_a_dialogue_is_part_of_the_text():
    def told(one, other):
        return drop_copies(Examples.of([one, other]), lambda item: {"id": item.id})[1]

    one = example("1", "Yes, Ann met Bob", (Entity(5, 8, "PER", "Ann"),))
    moved = example("2", "  yes, ann met bob", (Entity(7, 10, "PER", "ann"),))
    other = example("3", "Yes, Ann met Bob", (Entity(13, 16, "PER", "Bob"),))
    assert told(one, moved).counts == {"equal, left out": 1}
    assert [len(conflict.records) for conflict in told(one, other).conflicts] == [2]
    asked = example("4", "Yes, Ann met Bob", one.target, history=(Turn("assistant", "Did she?"),))
    assert (told(one, asked).counts, told(one, asked).conflicts) == ({}, [])
