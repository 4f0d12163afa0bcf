from __future__ import annotations

import random
import time
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.data import content, duplicates, find_duplicates
from luthier.tasks import Example
from luthier.text import normalise


def grams(text):
    text = normalise(text)
    return {text[i : i + 5] for i in range(len(text) - 4)}


def by_hand(texts):
    found = {}
    for i, j in combinations(range(len(texts)), 2):
        one, other = grams(texts[i]), grams(texts[j])
        if normalise(texts[i]) == normalise(texts[j]):
            found[i, j] = 1.0
        elif one and other and (index := len(one & other) / len(one | other)) >= 0.8:
            found[i, j] = index
    return found


def found_pairs(texts):
    duplicates = find_duplicates(texts)
    pairs = {pair: 1.0 for copies in duplicates.copies for pair in combinations(copies, 2)}
    for near in duplicates.pairs:
        for i in duplicates.copies[near.first]:
            for j in duplicates.copies[near.second]:
                pairs[min(i, j), max(i, j)] = near.similarity
    return pairs


@given(st.lists(st.text("ab c好", min_size=0, max_size=40), max_size=25))
@settings(max_examples=200, deadline=None)
def test_pairs_are_those_of_the_definition(texts):
    assert found_pairs(texts) == by_hand(texts)


def test_long_edited_texts_are_found_like_by_hand():
    draw = random.Random(0)
    words = [f"w{draw.randrange(300)}" for _ in range(200)]
    texts = []
    for _ in range(60):
        edited = list(words)
        for _ in range(draw.randrange(40)):
            edited[draw.randrange(200)] = f"n{draw.randrange(1000)}"
        texts.append(" ".join(edited))
    expected = by_hand(texts)
    assert 0 < len(expected) < 60 * 59 / 2
    assert found_pairs(texts) == expected


def templated(count):
    draw = random.Random(0)
    return [
        f"Ticket {draw.randrange(10**6)}: the printer on floor {draw.randrange(30)} is broken again, "
        "please send somebody to help before the end of the day"
        for _ in range(count)
    ]


def test_templated_texts_are_found_like_by_hand():
    texts = templated(100)
    assert len(by_hand(texts)) > 20
    assert found_pairs(texts) == by_hand(texts)


def test_templated_texts_take_no_time_for_what_all_of_them_share():
    texts = templated(2000)
    start = time.process_time()
    find_duplicates(texts)
    assert time.process_time() - start < 13  # 3 s here, 26 s where shared words were compared


def test_what_is_too_much_for_memory_is_compared_on_disk_and_found_alike(monkeypatch):
    texts = [f"{base} {word}" for base in templated(10) for word in ("now", "NOW", "soon", "tomorrow")]
    expected = find_duplicates(texts)
    monkeypatch.setattr(duplicates, "_EXACT", 0)
    assert len(expected.pairs) > 10
    assert find_duplicates(texts) == expected


def test_groups_are_connected_by_near_pairs():
    base = "the soup was cold and the waiter was slow"
    texts = [base, "something else entirely", base.upper(), base + "!", "好吃"]
    assert sorted(find_duplicates(texts).groups()) == [[0, 2, 3], [1], [4]]


def test_no_texts_and_short_texts():
    assert find_duplicates([]).groups() == []
    assert sorted(find_duplicates(["好", "差", "好"]).groups()) == [[0, 2], [1]]


def test_an_instruction_counts_where_there_is_no_input():
    assert content(Example("1", "", instruction="do")) == "do"
    assert content(Example("1", "a", instruction="do", text_pair="b")) == "a\nb"
