"""Splitting off a validation share: stratified over any number of labels a record, groups kept whole."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence


def split_indices(
    strata: Sequence[Sequence[str]], groups: Sequence[Sequence[int]], share: float, seed: int
) -> tuple[list[int], list[int]]:
    """Splits records in two by iterative stratification (Sechidis et al. 2011), group by group.

    The rarest label goes first; each of its groups goes to the side that still lacks most of that label, then
    to the side that lacks most records. So a label met once stays in train, and rare labels are spread before
    common ones use up the room.

    Args:
        strata: The labels of each record; a record may have none.
        groups: Positions that must not be separated; every position once.
        share: Share of records for validation, above 0, below 1.
        seed: Decides which of the records it is.

    Returns:
        Positions of train and of validation, each ascending and, with two groups or more, neither empty.
    """
    order = [list(group) for group in groups]
    random.Random(seed).shuffle(order)
    labels = [Counter(label for position in group for label in set(strata[position])) for group in order]
    totals = sum(labels, Counter[str]())
    lacks = [{label: part * count for label, count in totals.items()} for part in (1 - share, share)]
    room = [part * len(strata) for part in (1 - share, share)]
    side: dict[int, int] = {}
    for label in _rarest_first(totals):
        for number in [n for n in range(len(order)) if labels[n][label] and n not in side]:
            side[number] = _place(number, label, order, labels, lacks, room)
    for number in range(len(order)):
        if number not in side:
            side[number] = _place(number, None, order, labels, lacks, room)
    _fill_empty(order, side)
    parts = [sorted(p for n, group in enumerate(order) if side[n] == part for p in group) for part in (0, 1)]
    return parts[0], parts[1]


def _rarest_first(totals: Counter[str]) -> list[str]:
    return [label for label, _ in sorted(totals.items(), key=lambda item: (item[1], item[0]))]


def _place(
    number: int,
    label: str | None,
    order: list[list[int]],
    labels: list[Counter[str]],
    lacks: list[dict[str, float]],
    room: list[float],
) -> int:
    """Chooses the side (0 train, 1 validation) of one group and books what it takes there."""
    needs = [(lacks[part][label] if label is not None else 0.0, room[part]) for part in (0, 1)]
    size = len(order[number])
    # A group of duplicates that is larger than what validation still takes would swamp it.
    chosen = 1 if needs[1] > needs[0] and room[1] + 0.5 >= size else 0
    for name, count in labels[number].items():
        lacks[chosen][name] -= count
    room[chosen] -= size
    return chosen


def _fill_empty(order: list[list[int]], side: dict[int, int]) -> None:
    """Moves the smallest group where one side of at least two groups got nothing."""
    for part in (0, 1):
        if len(order) > 1 and part not in side.values():
            side[min(range(len(order)), key=lambda number: len(order[number]))] = part
