"""Near twins: the same pairs as the exact search, however the texts are ordered."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.data.corpus.twins import TwinIndex
from luthier.data.duplicates import find_duplicates

WORDS = ["soup", "was", "cold", "waiter", "slow", "but", "fish", "tasted", "fine", "that", "rainy", "evening"]


def draw_texts(seed: int) -> list[str]:
    """Texts of 60 words in families, each member a few words apart from another."""
    draw = random.Random(seed)
    found = []
    for _ in range(30):
        words = [draw.choice(WORDS) + str(draw.randrange(40)) for _ in range(60)]
        for _ in range(draw.randint(1, 4)):
            words = [word if draw.random() > 0.03 else "other" for word in words]
            found.append(" ".join(words))
    draw.shuffle(found)
    return list(dict.fromkeys(found))


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000))
def test_what_is_kept_has_no_near_twin_and_what_goes_has_one(seed):
    texts = draw_texts(seed)
    twins = TwinIndex(0.8).add(texts)
    kept = [text for text, twin in zip(texts, twins, strict=True) if twin is None]
    assert find_duplicates(kept).pairs == ()
    for text, twin in zip(texts, twins, strict=True):
        if twin is not None:
            (pair,) = find_duplicates([kept[twin.number], text]).pairs
            assert twin.similarity == pair.similarity >= 0.8
    assert any(twins)


def test_batches_make_no_difference():
    texts = draw_texts(1)
    index = TwinIndex(0.8)
    one_by_one = [twin for text in texts for twin in index.add([text])]
    assert one_by_one == TwinIndex(0.8).add(texts)


def test_the_index_is_the_jaccard_index_of_5_grams():
    # 20 different letters have 16 grams; with the last one changed 15 of 17 are shared: 15/17 = 0.882.
    first, second = "abcdefghijklmnopqrst", "abcdefghijklmnopqrsx"
    assert TwinIndex(0.88).add([first, second])[1].similarity == 15 / 17
    assert TwinIndex(0.89).add([first, second])[1] is None


def test_texts_shorter_than_a_gram_have_no_twins():
    assert TwinIndex(0.8).add(["", "", "abcd", "abcd", "abcde", "abcde"])[:5] == [None] * 5
    assert TwinIndex(0.8).add(["abcde", "abcde"])[1].similarity == 1
