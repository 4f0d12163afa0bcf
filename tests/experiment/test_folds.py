from __future__ import annotations

import pytest

from luthier.errors import UserError
from luthier.experiment.folds import fold_positions
from luthier.tasks import Classification, Example

TASK = Classification(labels=("good", "bad"))


def examples(count):
    return [
        Example(str(n), f"number {n * 7919} and {n * 104729}", ("good", "bad")[n % 2], group=f"user {n % 8}")
        for n in range(count)
    ]


def test_near_duplicates_and_groups_share_a_fold():
    given = examples(40)
    given[33] = Example("33", given[0].text + "!", "good", group="user 1")
    where = {n: fold for fold, inside in enumerate(fold_positions(TASK, given, 4, 0)) for n in inside}
    assert where[33] == where[0]
    grouped = {
        n: fold
        for fold, inside in enumerate(fold_positions(TASK, given, 4, 0, by_group=True))
        for n in inside
    }
    assert sorted(grouped) == list(range(40))
    for user in range(8):
        assert len({grouped[n] for n in range(40) if given[n].group == f"user {user}"}) == 1
    assert grouped[0] == grouped[1]  # users 0 and 1 wrote near duplicates


def test_too_few_different_examples_are_refused():
    same = [Example(str(n), "the same words again", "good") for n in range(9)]
    with pytest.raises(UserError, match=r"5 folds need as many examples that are different .* there are 1"):
        fold_positions(TASK, same, 5, 0)
    with pytest.raises(UserError, match="of different groups, and there are 8"):
        fold_positions(TASK, examples(40), 9, 0, by_group=True)
