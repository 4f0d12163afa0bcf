from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.data.mislabelled import Tags, rank_spans, tokens
from luthier.tasks import Entity, Example, Extraction

TASK = Extraction(types=("ORG", "LOC"))
TAGS = Tags(TASK.types)
OUT, B_ORG, I_ORG, B_LOC, I_LOC = range(5)


def entity(text, surface, kind):
    start = text.index(surface)
    return Entity(start, start + len(surface), kind, surface)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Mr. O'Neill paid $3.50", ["Mr", ".", "O", "'", "Neill", "paid", "$", "3", ".", "50"]),
        ("去iPhone15店，OK😀", ["去", "iPhone", "15", "店", "，", "OK", "😀"]),
        ("a_b\tétude", ["a", "_", "b", "étude"]),
        ("", []),
    ],
)
def test_words_numbers_signs_and_ideographs_are_tokens(text, parts):
    assert [text[start:end] for start, end in tokens(text)] == parts


def test_tags_begin_and_go_on_and_come_back_as_spans():
    text = "Bank of Rome in New York City"
    here = tokens(text)
    found = [entity(text, "Bank of Rome", "ORG"), entity(text, "New York City", "LOC")]
    assert TAGS.of(found, here) == [B_ORG, I_ORG, I_ORG, OUT, B_LOC, I_LOC, I_LOC]
    assert list(TAGS.spans(TAGS.of(found, here), here, text)) == found


def test_neighbours_of_one_type_stay_apart_and_a_lone_inside_begins():
    text = "a b c d"
    here = tokens(text)
    spans = list(TAGS.spans([B_ORG, B_ORG, I_LOC, I_ORG], here, text))
    assert [(item.text, item.type) for item in spans] == [
        ("a", "ORG"),
        ("b", "ORG"),
        ("c", "LOC"),
        ("d", "ORG"),
    ]


def test_of_nested_entities_the_longest_is_judged():
    text = "University of Rome"
    inner, outer = entity(text, "Rome", "LOC"), entity(text, "University of Rome", "ORG")
    assert TAGS.of([inner, outer], tokens(text)) == [B_ORG, I_ORG, I_ORG]


@given(st.text(alphabet="ab 中1。", max_size=12), st.data())
@settings(max_examples=100, deadline=None)
def test_flat_entities_over_whole_tokens_survive_the_round_trip(text, data):
    here = tokens(text)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(here)), max_size=6)))
    found = []
    for begin, end in zip(cuts[::2], cuts[1::2], strict=False):
        start, stop = here[begin][0], here[end - 1][1]
        found.append(Entity(start, stop, data.draw(st.sampled_from(TASK.types)), text[start:stop]))
    assert list(TAGS.spans(TAGS.of(found, here), here, text)) == found


def certain(tags):
    table = np.full((len(tags), TAGS.count), 0.02)
    for row, tag in enumerate(tags):
        table[row, tag] = 0.92
    return table


def corpus():
    """Ten sentences each of whose tags a model reads as they are given."""
    examples, tables = [], []
    for n in range(10):
        text = f"we met Acme Ltd in Rome {n}"
        found = (entity(text, "Acme Ltd", "ORG"), entity(text, "Rome", "LOC"))
        examples.append(Example(str(n), text, found))
        tables.append(certain([OUT, OUT, B_ORG, I_ORG, OUT, B_LOC, OUT]))
    return examples, tables


def test_a_missing_a_wrong_and_a_superfluous_entity_are_found():
    examples, tables = corpus()
    acme, rome = examples[0].target
    examples[1] = Example("1", examples[1].text, (acme,))
    examples[2] = Example("2", examples[2].text, (acme, Entity(rome.start, rome.end, "ORG", "Rome")))
    examples[3] = Example("3", examples[3].text, (Entity(0, 2, "ORG", "we"), acme, rome))
    suspects = rank_spans(TASK, examples, tables)
    assert {item.example.id: item.fields for item in suspects} == {
        "1": ("LOC",),
        "2": ("ORG", "LOC"),
        "3": ("ORG",),
    }
    assert {item.suggested for item in suspects} == {(acme, rome)}
    assert [item.score for item in suspects] == pytest.approx([0.02] * 3)
    assert suspects[0].to_row()["suggested"] == [
        {"start": 7, "end": 15, "type": "ORG", "text": "Acme Ltd"},
        {"start": 19, "end": 23, "type": "LOC", "text": "Rome"},
    ]


def test_what_is_not_doubted_stays_in_the_suggestion():
    examples, tables = corpus()
    acme, rome = examples[0].target
    inner = Entity(acme.start + 5, acme.end, "LOC", "Ltd")
    # Rome is missing; the model would leave Acme out as well, but not surely.
    examples[4] = Example("4", examples[4].text, (acme, inner))
    tables[4][2] = tables[4][3] = [0.4, 0.3, 0.1, 0.1, 0.1]
    (suspect,) = rank_spans(TASK, examples, tables)
    assert suspect.suggested == (acme, inner, rome)


def test_texts_without_tokens_and_sets_without_entities_are_nobodys_suspects():
    examples, tables = corpus()
    assert rank_spans(TASK, [*examples, Example("e", " ", ())], [*tables, np.empty((0, TAGS.count))]) == []
    bare = [Example(str(n), "we met", ()) for n in range(3)]
    assert rank_spans(TASK, bare, [certain([OUT, B_ORG])] * 3) == []
