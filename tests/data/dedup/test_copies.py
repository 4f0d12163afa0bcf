"""Copies found on disk: the pairs of the definition, however the work is cut."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.data.dedup import copies, find_copies, find_near_pairs, jaccard, minhash
from luthier.text import normalise

WORDS = ["soup", "was", "cold", "waiter", "slow", "鱼", "很", "新鲜", "that", "rainy", "evening", "服务员"]


def draw_texts(seed: int, families: int = 15) -> list[str]:
    """Texts of 60 words in families, each member a few words apart from another; some stand twice."""
    draw = random.Random(seed)
    found = []
    for _ in range(families):
        words = [draw.choice(WORDS) + str(draw.randrange(40)) for _ in range(60)]
        for _ in range(draw.randint(1, 4)):
            words = [word if draw.random() > 0.03 else "other" for word in words]
            found.append(" ".join(words))
    found += [text.upper() for text in draw.sample(found, 5)]
    draw.shuffle(found)
    return found


def grams(text):
    text = normalise(text)
    return {text[i : i + 5] for i in range(len(text) - 4)}


def index(one, other):
    return len(grams(one) & grams(other)) / max(len(grams(one) | grams(other)), 1)


def by_hand(texts):
    first = {}
    for position, text in enumerate(texts):
        first.setdefault(normalise(text), position)
    rows = combinations(sorted(first.values()), 2)
    found = {(i, j): index(texts[i], texts[j]) for i, j in rows}
    return {pair: value for pair, value in found.items() if value >= 0.8}


def found_pairs(texts):
    blocks = find_near_pairs(texts)
    return {
        (one, other): value
        for block in blocks
        for one, other, value in zip(*(side.tolist() for side in block), strict=True)
    }


@settings(deadline=None, max_examples=6)
@given(st.integers(0, 10_000))
def test_pairs_are_those_of_the_definition(seed):
    texts = draw_texts(seed)
    expected = by_hand(texts)
    assert expected
    assert found_pairs(texts) == expected


@settings(deadline=None, max_examples=6)
@given(st.integers(0, 10_000))
def test_what_is_kept_repeats_nothing_and_what_goes_repeats_what_it_names(seed):
    texts = draw_texts(seed)
    found = find_copies(texts)
    kept = [texts[row] for row in range(len(texts)) if found.kept[row]]
    assert by_hand(kept) == {}
    assert len({normalise(text) for text in kept}) == len(kept) < len(texts)
    for row, (of, similarity) in enumerate(zip(found.of, found.similarity, strict=True)):
        assert found.kept[of]
        assert of <= row
        assert similarity == pytest.approx(index(texts[row], texts[of]), abs=1e-6)


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [(minhash, "_PART", 7), (minhash, "_BLOCK", 3), (minhash, "_BYTES", 1 << 13), (jaccard, "_BYTES", 2000)],
)
def test_how_the_work_is_cut_makes_no_difference(module, name, value, monkeypatch):
    texts = draw_texts(0)
    expected = found_pairs(texts)
    monkeypatch.setattr(module, name, value)
    assert found_pairs(texts) == expected


def test_texts_whose_hashes_clash_are_still_told_apart(monkeypatch):
    texts = draw_texts(1)
    expected = find_copies(texts)
    monkeypatch.setattr(copies, "_hash", lambda raw: bytes(8))
    # All equal texts are then sought in one group, of which only the first one's own are found.
    assert find_copies([texts[0], texts[1], texts[0]]).of.tolist() == [0, expected.of[1], 0]


def test_the_index_is_the_jaccard_index_of_5_grams():
    # 20 different letters have 16 grams; with the last one changed 15 of 17 are shared: 15/17 = 0.882.
    found = find_copies(["abcdefghijklmnopqrst", "abcdefghijklmnopqrsx"])
    assert found.of.tolist() == [0, 0]
    assert found.similarity.tolist() == pytest.approx([1, 15 / 17])


def test_of_a_chain_the_ends_stay():
    # 28 grams each. Two letters at an end are in two of them: neighbours share 26 of 30, the ends 24 of 32.
    first = "abcdefghijklmnopqrstuvwxyz012345"
    chain = [first, first[:-2] + "!!", "??" + first[2:-2] + "!!"]
    assert [index(chain[0], chain[1]), index(chain[1], chain[2])] == [26 / 30, 26 / 30]
    assert index(chain[0], chain[2]) == 24 / 32
    assert find_copies(chain).of.tolist() == [0, 0, 2]
    # The one in the middle first, and both ends repeat it.
    assert find_copies([chain[1], chain[0], chain[2]]).of.tolist() == [0, 0, 0]


def test_short_texts_repeat_only_equal_ones():
    assert find_copies(["好", "差", "好", "", " ", "abcd", "abce"]).of.tolist() == [0, 1, 0, 3, 3, 5, 6]
    assert find_copies([]).of.tolist() == []


def test_a_text_with_another_answer_is_no_copy_but_a_rival():
    text = "the soup was cold and the waiter was slow"
    texts = [text, text.upper(), text, text + "!", text, "好", "好", "好"]
    answers = ["good", "bad", "good", "bad", "bad", "a", "b", "b"]
    found = find_copies(texts, answers)
    # 36 grams, as " was " stands twice; one letter more makes 37. The fourth repeats the second.
    assert found.of.tolist() == [0, 1, 0, 1, 1, 5, 6, 6]
    assert found.equal_to.tolist() == [0, 1, 0, 3, 1, 5, 6, 6]
    assert found.rival.tolist() == [-1, 0, -1, -1, -1, -1, 5, -1]
    assert found.similarity.tolist() == pytest.approx([1, 1, 1, 36 / 37, 1, 1, 1, 1])


def test_a_text_in_another_context_is_another_text():
    texts = ["Yes, please."] * 4
    found = find_copies(texts, ["a", "a", "b", "a"], ["Tea?", "Coffee?", "Coffee?", "Coffee?"])
    assert found.of.tolist() == [0, 1, 2, 1]
    assert found.rival.tolist() == [-1, -1, 1, -1]


def test_a_template_is_compared_with_its_first_members_and_not_with_all(tmp_path):
    texts = [
        f"Ticket {number}: the printer on the second floor of the old building is broken again, please send "
        "somebody who can help us with it before the end of the day, and bring a new cartridge as well"
        for number in range(100_000, 101_000)
    ]
    found = find_copies(texts, folder=tmp_path)
    assert set(found.of.tolist()) == {0}
    assert list(tmp_path.iterdir()) == []
    count = sum(len(block[0]) for block in find_near_pairs(texts))
    assert count < len(texts) * (len(texts) - 1) / 2 / 3
