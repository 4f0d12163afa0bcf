from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from tests.training.rows import rows

from luthier.errors import UserError
from luthier.training import TrainingOptions
from luthier.training.sampler import BatchesByRows, BatchesByTokens, choose_batches, steps_per_epoch

LENGTHS = np.random.default_rng(0).integers(5, 200, 1003).tolist()

MADE: dict[str, Any] = {
    "rows": lambda seed=3, **more: BatchesByRows(LENGTHS, 8, seed, **more),
    "tokens": lambda seed=3, **more: BatchesByTokens(LENGTHS, 800, seed, **more),
}


def order(batches: Iterable[list[int]]) -> list[int]:
    return [row for batch in batches for row in batch]


def padding(batches: Iterable[list[int]]) -> int:
    lengths = [[LENGTHS[row] for row in batch] for batch in batches]
    return sum(max(batch) * len(batch) - sum(batch) for batch in lengths)


def shuffled(size: int) -> list[list[int]]:
    rows_of_it = np.random.default_rng(1).permutation(1003).tolist()
    return [rows_of_it[first : first + size] for first in range(0, 1003, size)]


@pytest.mark.parametrize("kind", MADE)
def test_every_row_once_an_epoch_in_another_order_each_that_the_seed_repeats(kind: str) -> None:
    batches = MADE[kind](**({"epochs": 2} if kind == "tokens" else {}))
    first = list(batches)
    batches.set_epoch(1)
    second = list(batches)
    assert sorted(order(first)) == sorted(order(second)) == list(range(1003))
    assert len(first) == len(second) == len(batches) == batches.steps
    assert first != second
    again = MADE[kind](**({"epochs": 2} if kind == "tokens" else {}))
    again.set_epoch(1)
    assert list(again) == second
    assert list(MADE[kind](seed=4)) != first


@pytest.mark.parametrize("kind", MADE)
def test_rows_of_a_batch_are_of_like_length_but_batches_come_in_any_order(kind: str) -> None:
    grouped = list(MADE[kind](seed=0))
    assert padding(grouped) < padding(shuffled(8)) / 5
    means = np.array([np.mean([LENGTHS[row] for row in batch]) for batch in grouped])
    assert abs(np.corrcoef(np.arange(len(means)), means)[0, 1]) < 0.3


def test_the_small_batch_comes_last() -> None:
    assert [len(batch) for batch in BatchesByRows([1] * 10, 4, seed=0)] == [4, 4, 2]


def test_a_quarter_of_a_batch_is_of_one_group_and_a_batch_is_not() -> None:
    groups = np.arange(1003) % 5
    batches = list(BatchesByRows(LENGTHS, 8, 0, groups))
    assert sorted(order(batches)) == list(range(1003))
    pairs = groups[order(batches)[:1000]].reshape(-1, 2)
    # 50 batches of a pool hold 400 rows, 80 of each group; where a group ends within a pair, two meet.
    assert (pairs[:, 0] == pairs[:, 1]).mean() > 0.97
    assert np.mean([len(set(groups[batch].tolist())) for batch in batches]) > 2
    assert padding(batches) < padding(shuffled(8)) / 4


def test_a_batch_that_has_no_quarters_is_of_one_group() -> None:
    groups = np.arange(60) % 3
    assert all(len(set(groups[batch].tolist())) == 1 for batch in BatchesByRows(LENGTHS[:60], 5, 0, groups))


@pytest.mark.parametrize("limit", [200, 800, 5000, 10**6])
@pytest.mark.parametrize("processes", [1, 3])
def test_no_batch_has_more_tokens_than_allowed_and_few_have_much_less(limit: int, processes: int) -> None:
    batches = BatchesByTokens(LENGTHS, limit, 0, processes=processes, epochs=3)
    for epoch in range(3):
        batches.set_epoch(epoch)
        found = list(batches)
        tokens = [sum(LENGTHS[row] for row in batch) for batch in found]
        assert max(tokens) <= limit
        assert sorted(order(found)) == list(range(1003))
        # The same number in each epoch, which all processes share evenly.
        assert len(found) == len(batches) == batches.steps * processes
        # A batch of 200 tokens holds one long row, or two that fit.
        assert np.mean(tokens) > {200: 0.7, 800: 0.8, 5000: 0.85}.get(limit, 0) * limit


def test_epochs_of_a_training_by_steps_are_all_counted() -> None:
    """However long a training is, its epochs have one number of batches that holds all of them."""
    batches = BatchesByTokens(LENGTHS, 800, 0, epochs=None, max_steps=2000)
    for epoch in range(2000 // batches.steps + 1):
        batches.set_epoch(epoch)
        assert len(list(batches)) == batches.steps


@pytest.mark.parametrize("processes", [2, 3])
@pytest.mark.parametrize("count", [16, 18, 25])
def test_processes_get_equally_many_batches_and_every_row_once(count: int, processes: int) -> None:
    batches = BatchesByRows([3] * count, 4, 0, processes=processes)
    found = list(batches)
    assert len(found) == len(batches) == batches.steps * processes
    assert all(found)
    assert set(order(found)) == set(range(count))
    left = count % (4 * processes)
    # Only where a step has fewer rows than there are processes are some read twice.
    assert len(order(found)) == count + (processes - left if 0 < left < processes else 0)
    assert max(map(len, found)) <= 4


def test_a_row_longer_than_a_batch_may_be_is_refused_with_both_numbers() -> None:
    data = rows(8)
    longest = max(data["length"])
    with pytest.raises(UserError, match=f"has {longest} tokens, training.batch_tokens is 9") as caught:
        choose_batches(data, TrainingOptions(batch_tokens=9), seed=0)
    assert str(longest) in caught.value.hint


def test_steps_of_an_epoch_are_those_of_its_batches() -> None:
    for given in ({"batch_size": 4, "gradient_accumulation": 2}, {"batch_tokens": 100}, {}):
        options = TrainingOptions(**given)
        assert steps_per_epoch(rows(30), options) == len(list(choose_batches(rows(30), options, seed=0)))
