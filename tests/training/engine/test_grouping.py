from __future__ import annotations

import random

from tests.training.engine.rows import draws, wordings

from luthier.training.engine import prefix_groups
from luthier.training.engine.grouping import distinct_tokens


def test_rows_that_begin_alike_are_a_group_whatever_comes_then() -> None:
    draw, beginnings = random.Random(0), wordings()
    kinds = [number % 3 for number in range(60)]
    rows = [beginnings[kind] + draws(draw, 5 + number) for number, kind in enumerate(kinds)]
    groups = prefix_groups(rows, 8).tolist()
    assert len(set(zip(kinds, groups, strict=True))) == 3
    assert len(set(groups)) == 3


def test_a_beginning_that_too_few_rows_share_makes_no_group() -> None:
    draw = random.Random(0)
    beginning = draws(draw, 30)
    # Two of 60 rows share 20 tokens more: a batch of eight cannot be made of them.
    rows = [beginning + draws(draw, 30) for _ in range(58)]
    more = beginning + draws(draw, 20)
    rows += [[*more, 1], [*more, 2]]
    assert set(prefix_groups(rows, 8).tolist()) == {0}


def test_rows_that_share_nothing_are_one_group() -> None:
    assert set(prefix_groups([[number, 1, 2] for number in range(5, 60)], 4).tolist()) == {0}


def test_too_few_rows_for_two_batches_are_one_group() -> None:
    assert prefix_groups([[1, 2], [3, 4], [3, 5]], 2).tolist() == [0, 0, 0]


def test_tokens_that_rows_share_at_their_beginnings_count_once() -> None:
    # 1 2 3, then 4 behind 1 2, then 5; the 2 that follows 5 stands behind another beginning.
    assert distinct_tokens([[1, 2, 3], [5, 2], [1, 2, 4], [1, 2]]) == 6
    assert distinct_tokens([[7, 300], [7, 300]]) == 2
