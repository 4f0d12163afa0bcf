"""Splits and folds: stratified over any number of labels a record, groups kept whole."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence


def split_indices(
    strata: Sequence[Sequence[str]], groups: Sequence[Sequence[int]], share: float, seed: int
) -> tuple[list[int], list[int]]:
    """Splits records in two, group by group, by iterative stratification (after Sechidis et al. 2011).

    The rarest label goes first: of its groups, in random order, validation takes those that fit into what it
    still lacks of that label, rounded to whole records, and one too large where that comes nearer; the rest
    is train. So a label met once stays in train, rare labels are spread before common ones use up the room,
    and duplicates never swamp validation.

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
    sizes: list[Counter[str | None]] = []  # of each group the records, and under None all of them
    totals: Counter[str] = Counter()
    members: dict[str | None, list[int]] = {None: list(range(len(order)))}
    for number, group in enumerate(order):
        counts = Counter(label for position in group for label in set(strata[position]))
        size: Counter[str | None] = Counter({None: len(group)})
        size.update(counts)
        sizes.append(size)
        totals.update(counts)
        for name in counts:
            members.setdefault(name, []).append(number)
    # What validation still lacks: of each label, and of records of any label.
    lacks: dict[str | None, float] = {label: share * count for label, count in totals.items()}
    lacks[None] = share * len(strata)
    validation: set[int] = set()
    placed: set[int] = set()

    def take(number: int) -> None:
        validation.add(number)
        for name, count in sizes[number].items():
            lacks[name] -= count

    for label in [*sorted(totals, key=lambda name: (totals[name], name)), None]:
        waiting = [number for number in members[label] if number not in placed]
        placed.update(waiting)
        for number in waiting:
            if all(sizes[number][name] <= lacks[name] + 0.5 for name in (label, None)):
                take(number)
        # Where all groups are large, the nearest size that is too large may be nearer than nothing.
        rest = [number for number in waiting if number not in validation]
        nearest = min(rest, key=lambda n: abs(sizes[n][label] - lacks[label]), default=None)
        if nearest is not None and all(sizes[nearest][name] < 2 * lacks[name] for name in (label, None)):
            take(nearest)
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


def split_folds(
    strata: Sequence[Sequence[str]], groups: Sequence[Sequence[int]], count: int, seed: int
) -> Iterator[list[int]]:
    """Yields the positions of each fold: `1/count` is split off, then `1/(count - 1)` of the rest ...

    Args:
        strata: The labels of each record; a record may have none.
        groups: Positions that must not be separated; every position once. At least `count` groups.
        count: How many folds, at least 2.
        seed: Decides which record comes into which fold.

    Raises:
        ValueError: Where there are fewer groups than folds: one of the folds would be empty.
    """
    if len(groups) < count:
        raise ValueError(f"{count} folds of {len(groups)} groups")
    rest = list(range(len(strata)))
    for left in range(count, 1, -1):
        where = {position: index for index, position in enumerate(rest)}
        inside = [[where[position] for position in group] for group in groups if group[0] in where]
        kept, held_out = split_indices([strata[position] for position in rest], inside, 1 / left, seed)
        kept, held_out = _leave_groups(inside, kept, held_out, left - 1)
        yield [rest[index] for index in held_out]
        rest = [rest[index] for index in kept]
    yield rest


def _leave_groups(
    groups: Sequence[Sequence[int]], kept: list[int], held_out: list[int], wanted: int
) -> tuple[list[int], list[int]]:
    """Gives groups back, the smallest first, where fewer than `wanted` are kept: a fold needs one."""
    inside = set(held_out)
    taken = sorted((group for group in groups if group[0] in inside), key=len)
    lacking = max(0, wanted - (len(groups) - len(taken)))
    back = {position for group in taken[:lacking] for position in group}
    return sorted([*kept, *back]), [position for position in held_out if position not in back]


def join_groups(groups: Sequence[Sequence[int]], names: Sequence[str | None]) -> list[list[int]]:
    """Joins groups that have a name in common.

    Args:
        groups: Positions that must not be separated; every position once.
        names: What each position belongs to; None for nothing, which joins nothing.

    Returns:
        Groups over the same positions, each ascending, in order of their first position.
    """
    parent = list(range(len(groups)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    first: dict[str, int] = {}
    for number, group in enumerate(groups):
        for name in {names[position] for position in group} - {None}:
            one, other = sorted((root(first.setdefault(str(name), number)), root(number)))
            parent[other] = one
    joined: dict[int, list[int]] = defaultdict(list)
    for number, group in enumerate(groups):
        joined[root(number)] += group
    return sorted(sorted(group) for group in joined.values())
