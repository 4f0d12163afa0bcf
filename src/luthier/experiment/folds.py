"""Folds for out-of-fold predictions: stratified; near duplicates, and groups by choice, stay together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from luthier.data import content, find_duplicates, join_groups, split_folds
from luthier.errors import UserError
from luthier.tasks import Task
from luthier.tasks.example import Example


def fold_positions(
    task: Task, examples: Sequence[Example], count: int, seed: int, *, by_group: bool = False
) -> Iterator[list[int]]:
    """Yields the positions of each fold, ascending.

    Args:
        task: Whose labels every fold has in proportion.
        examples: Labelled.
        count: How many folds, at least 2.
        seed: Decides which example comes into which fold.
        by_group: Whether examples of one `group` stay together, as near duplicates do.

    Raises:
        UserError: As `fold_groups`.
    """
    groups = fold_groups(examples, count, by_group=by_group)
    return split_folds([task.strata(example) for example in examples], groups, count, seed)


def fold_groups(examples: Sequence[Example], count: int, *, by_group: bool = False) -> list[list[int]]:
    """Returns the positions that share a fold; the arguments are those of `fold_positions`.

    Raises:
        UserError: Where there are fewer groups than folds.
    """
    groups = find_duplicates([content(example) for example in examples]).groups()
    if by_group:
        groups = join_groups(groups, [example.group for example in examples])
    if len(groups) < count:
        apart = "of different groups" if by_group else "different from each other"
        raise UserError(
            f"{count} folds need as many examples that are {apart}, and there are {len(groups)}.",
            "Ask for fewer folds, or add records.",
        )
    return groups
