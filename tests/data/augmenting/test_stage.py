"""The stage: what copies are made, what they keep, and that only (seed, id, augmenter, number) decide."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.augmenting.fakes import Careless, Fillers, Turn

from luthier.augment import Variant
from luthier.data import Examples
from luthier.data.augmenting import Copy, Paraphraser, augment_examples, vary_example
from luthier.data.augmenting.report import DISAGREED, HELD_OUT, KNOWN, LOST, REPEATED, TAKEN, UNCHANGED
from luthier.errors import UserError
from luthier.tasks import Aspects, Classification, Entity, Example, Extraction, Generation

TASK = Classification(labels=("good", "bad"))
REVIEWS = [
    Example("r-1", "the soup was cold, the waiter was rude", "bad"),
    Example("r-2", "a lovely evening, thank you", "good"),
    Example("r-3", "we waited an hour", "bad", weight=0.5, domain="food"),
]


def test_copies_keep_everything_but_text_and_id() -> None:
    made = augment_examples(REVIEWS, TASK, [Turn(), Fillers(copies=2)], seed=1)
    by_id = {example.id: example for example in made.copies}
    assert list(by_id) == [
        "r-1~turn-1",
        "r-1~fillers-1",
        "r-1~fillers-2",
        "r-2~turn-1",
        "r-2~fillers-1",
        "r-2~fillers-2",
        "r-3~fillers-1",
        "r-3~fillers-2",
    ]
    assert by_id["r-1~turn-1"].text == "the waiter was rude, the soup was cold"
    originals = {example.id: example for example in REVIEWS}
    for item in made.provenance:
        original, copy = originals[item.original], by_id[item.id]
        assert copy == replace(original, id=copy.id, text=copy.text)
        assert Variant(original.text, item.pieces).after == copy.text
    assert made.report.made == {"turn": 2, "fillers": 6}
    assert made.report.refused == {"turn": {UNCHANGED: 1}}
    assert [(item.original, item.augmenter) for item in made.refusals] == [("r-3", "turn")]


def test_two_augmenters_of_a_type_have_names_and_draws_of_their_own() -> None:
    made = augment_examples(REVIEWS[:1], TASK, [Fillers(), Fillers()])
    assert [example.id for example in made.copies] == ["r-1~fillers-1", "r-1~fillers.2-1"]


def test_neither_the_order_of_records_nor_their_company_decides_what_is_drawn() -> None:
    augmenters = [Fillers(copies=3), Turn()]
    whole = {copy.id: copy for copy in augment_examples(REVIEWS, TASK, augmenters, seed=5).copies}
    turned = {copy.id: copy for copy in augment_examples(REVIEWS[::-1], TASK, augmenters, seed=5).copies}
    alone = {
        copy.id: copy
        for review in REVIEWS
        for copy in augment_examples([review], TASK, augmenters, seed=5).copies
    }
    assert whole == turned == alone
    other = {copy.id: copy for copy in augment_examples(REVIEWS, TASK, augmenters, seed=6).copies}
    assert whole != other


@pytest.mark.slow
def test_four_processes_make_what_one_makes() -> None:
    reviews = [replace(review, id=f"{review.id}.{number}") for number in range(10) for review in REVIEWS]
    vary = partial(_texts, seed=3)
    with ProcessPoolExecutor(4) as pool:
        assert list(pool.map(vary, reviews)) == [vary(review) for review in reviews]


def _texts(example: Example, seed: int) -> list[str]:
    made = vary_example(example, TASK, [Fillers(copies=2), Turn()], seed)
    return [item.example.text for item in made if isinstance(item, Copy)]


def test_entities_stand_where_the_copy_has_them() -> None:
    task = Extraction(types=("place", "dish"))
    text = "try the cold soup in Rome, then go home"
    entities = (
        Entity(8, 17, "dish", "cold soup"),
        Entity(13, 17, "dish", "soup"),
        Entity(21, 25, "place", "Rome"),
    )
    made = augment_examples([Example("e", text, entities)], task, [Fillers(copies=5), Turn()])
    assert len(made.copies) == 6
    for copy in made.copies:
        assert isinstance(copy.target, tuple)
        assert [(item.type, item.text) for item in copy.target] == [
            ("dish", "cold soup"),
            ("dish", "soup"),
            ("place", "Rome"),
        ]
        for item in copy.target:
            assert isinstance(item, Entity)
            assert copy.text[item.start : item.end] == item.text
    assert made.copies[5].target == (
        Entity(22, 31, "dish", "cold soup"),
        Entity(27, 31, "dish", "soup"),
        Entity(35, 39, "place", "Rome"),
    )


def test_what_a_reason_quotes_still_stands_in_every_copy() -> None:
    task = Aspects(aspects=("food", "staff"))
    example = Example(
        "a",
        "the soup was cold, but the waiter smiled at us",
        {"food": "negative", "staff": "positive"},
        reasons={"food": "the soup was cold", "staff": "a waiter who smiled"},
    )
    made = augment_examples([example], task, [Fillers(copies=20)])
    assert len(made.copies) == 20
    for copy in made.copies:
        assert copy.reasons == example.reasons
        assert "the soup was cold" in copy.text
        assert {"waiter", "smiled"} <= set(copy.text.split())


def test_a_copy_that_says_what_another_record_says_is_not_made() -> None:
    twin = Example("r-4", "thank you,  A lovely evening", "good")
    made = augment_examples([REVIEWS[1], twin], TASK, [Turn()], held_out=["Thank you, a lovely evening"])
    assert made.report.refused == {"turn": {HELD_OUT: 1, KNOWN: 1}}
    made = augment_examples([REVIEWS[1], twin], TASK, [Turn()])
    assert made.report.refused == {"turn": {KNOWN: 2}}
    double = replace(REVIEWS[1], id="r-0")
    made = augment_examples([REVIEWS[1], double], TASK, [Turn(), Turn()])
    assert [copy.id for copy in made.copies] == ["r-0~turn-1"]
    assert made.report.refused == {"turn": {REPEATED: 1}, "turn.2": {REPEATED: 2}}
    named = Example("r-2~turn-1", "quite another", "bad")
    made = augment_examples([REVIEWS[1], named], TASK, [Turn()])
    assert made.report.refused == {"turn": {TAKEN: 1, UNCHANGED: 1}}


def test_a_copy_without_what_is_protected_is_refused_whoever_made_it() -> None:
    example = Example("n", "this is not good", "bad")
    made = augment_examples([example], TASK, [Careless()])
    assert made.report.refused == {"careless": {LOST: 1}}
    assert made.refusals[0].text == "nothing of it"


def test_a_model_keeps_the_copies_to_which_it_gives_their_label() -> None:
    def agree(examples: Sequence[Example]) -> list[str]:
        return ["bad" if "soup" in example.text else "good" for example in examples]

    made = augment_examples(REVIEWS, TASK, [Fillers(copies=2)], agree=agree)
    assert {copy.id.split("~")[0] for copy in made.copies} == {"r-1", "r-2"}
    assert made.report.refused == {"fillers": {DISAGREED: 2}}
    assert made.report.agreement == {"fillers": 4 / 6}
    assert augment_examples(REVIEWS, TASK, [Turn()]).report.agreement == {}


def test_a_models_own_words_are_kept_where_what_is_protected_stands_in_them() -> None:
    answers = {
        "not good, 12 euros": ["it was not good and cost 12 euros", "for 12 euros it was not good"],
        "a lovely evening": ["what a lovely night", "a lovely evening"],
    }
    asked = []

    def rewrite(texts: Sequence[str]) -> list[str]:
        asked.append(tuple(texts))
        return [answers[text][len(asked) - 1] for text in texts]

    examples = [Example("p-1", "not good, 12 euros", "bad"), Example("p-2", "a lovely evening", "good")]
    made = augment_examples(examples, TASK, [], paraphraser=Paraphraser(rewrite, copies=2))
    assert [(copy.id, copy.text) for copy in made.copies] == [
        ("p-1~paraphrase-1", "it was not good and cost 12 euros"),
        ("p-2~paraphrase-1", "what a lovely night"),
    ]
    assert made.report.refused == {"paraphrase": {LOST: 1, KNOWN: 1}}
    assert asked == [("not good, 12 euros", "a lovely evening")] * 2


def test_unlabelled_examples_have_no_copies_and_open_answers_are_refused() -> None:
    made = augment_examples([replace(REVIEWS[0], target=None), REVIEWS[1]], TASK, [Turn()])
    assert [copy.id for copy in made.copies] == ["r-2~turn-1"]
    assert (made.report.originals, made.report.unlabelled) == (1, 1)
    with pytest.raises(UserError, match="open answer"):
        augment_examples([Example("g", "a, b", "c")], Generation(), [Turn()])


def test_nothing_made_is_an_empty_set() -> None:
    made = augment_examples(REVIEWS[2:], TASK, [Turn()])
    assert len(made.copies) == 0
    assert list(made.rows()) == []
    assert made.report.edit_distance == {}


def test_rows_tell_where_each_copy_comes_from() -> None:
    made = augment_examples(REVIEWS[:2], TASK, [Turn()])
    assert list(made.rows()) == [
        {
            "id": "r-1~turn-1",
            "text": "the waiter was rude, the soup was cold",
            "target": "bad",
            "original": "r-1",
            "augmenter": "turn",
            "pieces": [[19, 38], ", ", [0, 17]],
        },
        {
            "id": "r-2~turn-1",
            "text": "thank you, a lovely evening",
            "target": "good",
            "original": "r-2",
            "augmenter": "turn",
            "pieces": [[18, 27], ", ", [0, 16]],
        },
    ]
    assert isinstance(made.of(["r-2"]), Examples)
    assert [copy.id for copy in made.of(["r-2", "r-9"])] == ["r-2~turn-1"]


@given(st.lists(st.text(alphabet="not ab,1字不好 ", min_size=1, max_size=25).filter(str.strip), max_size=5))
def test_any_text_has_copies_that_differ_from_each_other(texts: list[str]) -> None:
    examples = [Example(str(number), text, "good") for number, text in enumerate(texts)]
    made = augment_examples(examples, TASK, [Fillers(copies=2), Turn()])
    said = [" ".join(copy.text.casefold().split()) for copy in made.copies]
    assert len(set(said)) == len(said)
    assert len(said) + len(made.refusals) == 3 * len(texts)
