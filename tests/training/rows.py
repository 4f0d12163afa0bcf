"""Token rows for the tests of training."""

from __future__ import annotations

import random
from typing import Any

from tests.models import tiny

from luthier.design.sample import Sample, Segment
from luthier.models import encode_all

WORDS = ("soup", "view", "cold", "warm", "汤", "price", "service", "good", "bad")


def samples(number: int, seed: int = 0, weight: float | None = None) -> list[Sample]:
    """Texts of 1 to 12 words whose answer follows from the first; weights differ unless one is given."""
    draw = random.Random(seed)
    written = []
    for index in range(number):
        words = draw.choices(WORDS, k=draw.randint(1, 12))
        answer = "bad" if words[0] in ("cold", "汤", "bad") else "good"
        segments = (
            Segment("Judge: ", "instruction"),
            Segment(" ".join(words), "input"),
            Segment("\n", "template"),
            Segment(answer, "answer", True),
            Segment("<|endoftext|>", "end", True),
        )
        written.append(Sample(f"r{index}", segments, weight or draw.choice((0.5, 1.0, 2.0))))
    return written


def rows(number: int, seed: int = 0, weight: float | None = None) -> Any:
    """The same, encoded."""
    return encode_all(samples(number, seed, weight), tiny.byte_level())[0]
