from __future__ import annotations

from luthier.data import Examples
from luthier.data.dedup import drop_copies
from luthier.data.dedup.stage import answer_key
from luthier.data.journal import Journal
from luthier.tasks import Classification, Entity, Example, Turn

TASK = Classification(labels=["good", "bad"])
SOUP = "the soup was cold and the waiter was slow"


def example(id, text, target, **more):
    return Example(id, text, target, origin=f"f.jsonl:{id}", **more)


def test_copies_go_contradictions_stay_and_both_are_written_down(tmp_path):
    examples = Examples.of(
        [
            example("1", SOUP, "bad"),
            example("2", SOUP.upper(), "bad"),
            example("3", SOUP, "good"),
            example("4", "something else entirely", "good"),
            example("5", SOUP + "!", "bad"),
        ]
    )
    dropped, against = Journal(tmp_path / "dropped.jsonl"), Journal(tmp_path / "against.jsonl")
    kept, report = drop_copies(examples, TASK.record, dropped=dropped, contradictions=against)
    assert [item.id for item in kept] == ["1", "3", "4"]
    assert (report.read, report.kept) == (5, 3)
    assert report.dropped == {"equal": 1, "near": 1}
    assert report.contradictions == {"equal": 1}
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
    assert [(row["id"], row["of"]) for row in against] == [("3", first)]
    assert {name: [row["id"] for row in rows] for name, rows in report.shown.items()} == {
        "equal": ["2"],
        "near": ["5"],
        "contradiction": ["3"],
    }


def test_an_answer_is_the_same_wherever_its_entities_stand():
    one = example("1", "Ann met Bob", (Entity(0, 3, "PER", "Ann"), Entity(8, 11, "PER", "Bob")))
    moved = example("2", "So Ann met Bob", (Entity(3, 6, "PER", "Ann"), Entity(11, 14, "PER", "Bob")))
    other = example("3", "Ann met Bob", (Entity(0, 3, "PER", "Ann"),))
    assert answer_key(one) == answer_key(moved) != answer_key(other)


def test_the_order_of_aspects_is_no_answer():
    first = example("1", SOUP, {"food": "bad", "service": "bad"})
    assert answer_key(first) == answer_key(example("2", SOUP, {"service": "bad", "food": "bad"}))
    assert answer_key(first) != answer_key(example("3", SOUP, {"food": "bad"}))


def test_one_text_after_two_questions_is_two_records():
    one = example("1", "Yes, please.", "ok", history=(Turn("assistant", "Tea?"),))
    other = example("2", "Yes, please.", "ok", history=(Turn("assistant", "Shall I delete it?"),))
    assert answer_key(one) != answer_key(other)


def test_near_copies_stay_where_only_equal_ones_go():
    texts = [SOUP, SOUP + "!", SOUP, SOUP + "!"]
    examples = Examples.of([example(str(n), text, "bad") for n, text in enumerate(texts)])
    kept, report = drop_copies(examples, TASK.record, "equal")
    assert [item.id for item in kept] == ["0", "1"]
    assert report.dropped == {"equal": 2}
