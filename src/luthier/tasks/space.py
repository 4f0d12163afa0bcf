"""Label spaces: names that can be told apart, their default numbers, the weights of the weighted kappa."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator

from luthier.text import Language, normalise

Matrix = tuple[tuple[float, ...], ...]

SENTIMENTS: Mapping[Language, tuple[str, ...]] = {
    "en": ("positive", "neutral", "negative"),
    "zh": ("正面", "中性", "负面"),
}

UNMENTIONED_NUMBER = -2
"""The published number of an unmentioned aspect (Guo et al. 2024, arXiv 2404.13033)."""

PUBLISHED_KAPPA_WEIGHTS: Matrix = (
    (1.0, 0.5, 0.0, 0.5),
    (0.67, 1.0, 0.67, 0.67),
    (0.0, 0.5, 1.0, 0.5),
    (0.5, 0.67, 0.5, 1.0),
)
"""Positive, neutral, negative, unmentioned; rows gold, columns predicted (Guo et al. 2024)."""

_POLARITY = {
    "positive": 1,
    "neutral": 0,
    "negative": -1,
    "正面": 1,
    "积极": 1,
    "正向": 1,
    "中性": 0,
    "中立": 0,
    "负面": -1,
    "消极": -1,
    "负向": -1,
}


def _name(value: Any) -> Any:
    """Reads a YAML number as the name it is meant to be; checks that a name is one clean word or phrase."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        if not value.strip():
            raise ValueError("a name must not be empty")
        if value != value.strip():
            raise ValueError(f"{value!r} has white space around it; remove it")
    return value


Name = Annotated[str, BeforeValidator(_name, json_schema_input_type=str | int)]
"""A label, an aspect or an entity type. A YAML integer is taken for its digits."""


def check_distinct(names: Iterable[str], what: str, unmentioned: str | None = None) -> None:
    """Raises ValueError where two names differ in nothing but case, width or white space.

    Args:
        names: Labels, aspects or types.
        what: What one of them is called in the message.
        unmentioned: The word for none of them, which must differ from all.
    """
    seen: dict[str, str] = {}
    for name in names:
        key = normalise(name)
        if key in seen:
            raise ValueError(f"{what} {name!r} cannot be told apart from {seen[key]!r}; rename or remove one")
        seen[key] = name
    if unmentioned is not None and normalise(unmentioned) in seen:
        raise ValueError(
            f"{what} {seen[normalise(unmentioned)]!r} cannot be told apart from the word for nothing at all;"
            " rename it, or give another word as `unmentioned`"
        )


def polarity(labels: Sequence[str]) -> tuple[int, ...] | None:
    """Returns 1, 0 or -1 for each label where all of them are sentiments and differ; else None."""
    numbers = tuple(_POLARITY.get(normalise(label), 2) for label in labels)
    return numbers if 2 not in numbers and len(set(numbers)) == len(numbers) else None


def check_numbers(numbers: Mapping[str, int], labels: Sequence[str]) -> None:
    """Raises ValueError unless `numbers` gives each of `labels` a number of its own."""
    missing = [label for label in labels if label not in numbers]
    extra = [label for label in numbers if label not in labels]
    if missing or extra:
        parts = [f"missing: {', '.join(missing)}"] * bool(missing) + [f"unknown: {', '.join(extra)}"] * bool(
            extra
        )
        raise ValueError(f"numbers must name exactly {', '.join(labels)} ({'; '.join(parts)})")
    if len(set(numbers.values())) < len(numbers):
        raise ValueError("two labels have the same number; numbers must differ")


def check_kappa_weights(weights: Matrix, labels: Sequence[str]) -> None:
    """Raises ValueError unless `weights` is a square of agreements, 0 to 1, with 1 on the diagonal."""
    size = len(labels)
    if len(weights) != size or any(len(row) != size for row in weights):
        raise ValueError(
            f"kappa_weights must be {size} rows of {size} numbers, in the order {', '.join(labels)}"
        )
    if not all(math.isfinite(cell) and 0 <= cell <= 1 for row in weights for cell in row):
        raise ValueError("every kappa weight must lie between 0 (no agreement) and 1 (full agreement)")
    if any(weights[i][i] != 1 for i in range(size)):
        raise ValueError("a kappa weight on the diagonal must be 1: a label agrees with itself")
