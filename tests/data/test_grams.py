from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from luthier.data.grams import gram_hashes, gram_hashes_of


def grams(text):
    return [text[i : i + 5] for i in range(len(text) - 4)]


@given(st.lists(st.text(st.characters(codec=None), max_size=12), max_size=6))
def test_texts_together_have_the_hashes_of_each_alone(texts):
    hashes, bounds = gram_hashes_of(texts)
    assert len(bounds) == len(texts) + 1
    for text, start, end in zip(texts, bounds, bounds[1:], strict=False):
        assert end - start == len(grams(text))
        assert np.array_equal(hashes[start:end], gram_hashes(text))


@given(st.text("ab好", min_size=5, max_size=30))
def test_two_grams_have_one_hash_where_they_are_one(text):
    assert len(set(gram_hashes(text).tolist())) == len(set(grams(text)))


def test_half_an_emoji_has_a_hash_of_its_own():
    # The one text ends with the first half of a character, the next begins with the second.
    (first, second), _ = gram_hashes_of(["abcd\ud83d", "\ude00abcd"])
    assert first != second
