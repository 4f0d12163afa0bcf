from __future__ import annotations

import pytest

from luthier.data.mislabelled import rank_answers
from luthier.tasks import UNPLACED, Aspects, Classification, Entity, Example, Extraction


def test_who_reads_otherwise_the_surest_comes_first():
    task = Classification(labels=("good", "bad"))
    examples = [Example(str(n), "t", "good") for n in range(4)]
    answers = [("bad", 0.6), ("good", 0.99), ("bad", 0.9), ("", 0.9)]
    suspects = rank_answers(task, examples, answers)
    assert [(item.example.id, item.suggested) for item in suspects] == [("2", "bad"), ("0", "bad")]
    assert [item.score for item in suspects] == pytest.approx([0.1, 0.4])


def test_fields_that_differ_are_named():
    aspects = Aspects(aspects=("food", "price"), labels=("positive", "negative"), unmentioned="nothing")
    (suspect,) = rank_answers(
        aspects, [Example("1", "t", {"food": "positive"})], [({"price": "negative"}, 0.8)]
    )
    assert suspect.fields == ("food", "price")
    many = Classification(labels=("a", "b", "c"), multi_label=True)
    (suspect,) = rank_answers(many, [Example("1", "t", ("a", "b"))], [(("b", "c"), 0.8)])
    assert suspect.fields == ("a", "c")


def test_an_entity_that_the_text_does_not_contain_is_not_suggested():
    task = Extraction(types=("LOC",))
    rome, atlantis = Entity(0, 4, "LOC", "Rome"), Entity(UNPLACED, UNPLACED, "LOC", "Atlantis")
    given = [Example("1", "Rome", (rome,)), Example("2", "Rome", ())]
    (suspect,) = rank_answers(task, given, [((rome, atlantis), 0.9), ((atlantis, rome), 0.7)])
    assert (suspect.example.id, suspect.suggested) == ("2", (rome,))
