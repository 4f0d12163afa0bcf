"""Near duplicates of real reviews, against a comparison of every pair."""

from __future__ import annotations

import json
import os
import random
from itertools import combinations
from pathlib import Path

import pytest

from luthier.data.dedup import find_near_pairs
from luthier.text import normalise

DATA = Path(os.environ.get("LUTHIER_DATA", Path(__file__).parents[3] / "../shared/data")).resolve()
REVIEWS = DATA / "shopping_zh/reviews.jsonl"

pytestmark = [
    pytest.mark.data,
    pytest.mark.slow,
    pytest.mark.skipif(not REVIEWS.exists(), reason="LUTHIER_DATA names no folder with shopping_zh"),
]


def test_recall_is_98_percent_or_more_and_nothing_is_told_that_is_not():
    with REVIEWS.open(encoding="utf-8") as stream:
        reviews = [json.loads(line)["text"] for line in stream]
    texts = list(dict.fromkeys(map(normalise, random.Random(0).sample(reviews, 5000))))
    grams = [{text[i : i + 5] for i in range(len(text) - 4)} for text in texts]
    expected = set()
    for first, second in combinations(range(len(texts)), 2):
        one, other = grams[first], grams[second]
        # Sets of such different sizes cannot share four fifths.
        if 0.8 * len(one) <= len(other) and 0.8 * len(other) <= len(one) and one:
            shared = len(one & other)
            if shared >= 0.8 * (len(one) + len(other) - shared):
                expected.add((first, second))
    found = {
        pair
        for block in find_near_pairs(texts)
        for pair in zip(block[0].tolist(), block[1].tolist(), strict=True)
    }
    assert len(expected) > 5
    assert found <= expected
    assert len(found) >= 0.98 * len(expected)
