"""Batches of token rows that share beginnings, for the tests of the engine."""

from __future__ import annotations

import random
from typing import Any

from luthier.models import UNSUPERVISED
from luthier.training.batches import Collator


def row(prompt: list[int], answer: list[int], weight: float = 1.0) -> dict[str, Any]:
    """A prompt and its supervised answer."""
    return {
        "input_ids": prompt + answer,
        "labels": [UNSUPERVISED] * len(prompt) + answer,
        "weight": weight,
    }


def wordings(seed: int = 0) -> list[list[int]]:
    """Three beginnings: two of them alike for 25 tokens, one of its own."""
    draw = random.Random(seed)
    first = draws(draw, 40)
    return [first, first[:25] + draws(draw, 15), draws(draw, 33)]


def draws(draw: random.Random, count: int) -> list[int]:
    """Token ids."""
    return [draw.randrange(5, 384) for _ in range(count)]


def batch(beginnings: list[list[int]], count: int, seed: int = 0, longest: int = 20) -> dict[str, Any]:
    """Rows that begin so, in turn, then differ; with weights of their own."""
    draw = random.Random(seed)
    rows = [
        row(
            beginnings[number % len(beginnings)] + draws(draw, draw.randint(1, longest)),
            draws(draw, draw.randint(1, 6)),
            draw.choice((0.5, 1.0, 2.0)),
        )
        for number in range(count)
    ]
    return Collator(0)(rows)
