"""Splitting off a validation share: stratified over any number of labels a record, groups kept whole."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence


def split_indices(
    strata: Sequence[Sequence[str]], groups: Sequence[Sequence[int]], share: float, seed: int
) -> tuple[list[int], list[int]]:
    """Splits records in two, group by group, by iterative stratification (after Sechidis et al. 2011).

    The rarest label goes first: of its groups, in random order, validation takes those that fit into what it
    still lacks of that label, rounded to whole records; the rest is train. So a label met once stays in
    train, rare labels are spread before common ones use up the room, and duplicates never swamp validation.

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
    totals: Counter[str] = Counter()
    members: dict[str | None, list[int]] = {None: list(range(len(order)))}
    for number, counts in enumerate(labels):
        totals.update(counts)
        for name in counts:
            members.setdefault(name, []).append(number)
    lacks = {label: share * count for label, count in totals.items()}
    room = share * len(strata)
    validation: set[int] = set()
    placed: set[int] = set()
    for label in [*sorted(totals, key=lambda name: (totals[name], name)), None]:
        waiting = [number for number in members[label] if number not in placed]
        placed.update(waiting)
        for number in waiting:
            size = len(order[number])
            fits = label is None or labels[number][label] <= lacks[label] + 0.5
            if fits and size <= room + 0.5:
                validation.add(number)
                room -= size
                for name, count in labels[number].items():
                    lacks[name] -= count
    _fill_empty(order, validation)
    train = sorted(p for number, group in enumerate(order) if number not in validation for p in group)
    return train, sorted(p for number in validation for p in order[number])


def _fill_empty(order: list[list[int]], validation: set[int]) -> None:
    """Moves the smallest group where one side of at least two groups got nothing."""
    smallest = min(range(len(order)), key=lambda number: len(order[number]), default=0)
    if len(order) > 1 and not validation:
        validation.add(smallest)
    elif len(order) > 1 and len(validation) == len(order):
        validation.remove(smallest)
