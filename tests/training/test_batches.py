from __future__ import annotations

import numpy as np
import pytest
from datasets import Dataset

from luthier.training.batches import (
    Collator,
    LengthGroupedSampler,
    auto_batch_size,
    padded_width,
    sorted_batches,
)

LENGTHS = np.random.default_rng(0).integers(5, 200, 1003).tolist()


def padding(order: list[int], size: int) -> int:
    batches = [[LENGTHS[i] for i in order[first : first + size]] for first in range(0, len(order), size)]
    return sum(max(batch) * len(batch) - sum(batch) for batch in batches)


def test_every_row_once_an_epoch_in_another_order_each_that_the_seed_repeats() -> None:
    sampler = LengthGroupedSampler(LENGTHS, 8, seed=3)
    first = list(sampler)
    sampler.set_epoch(1)
    second = list(sampler)
    assert sorted(first) == sorted(second) == list(range(1003))
    assert first != second
    again = LengthGroupedSampler(LENGTHS, 8, seed=3)
    again.set_epoch(1)
    assert list(again) == second
    assert list(LengthGroupedSampler(LENGTHS, 8, seed=4)) != first


def test_rows_of_a_batch_are_of_like_length_but_batches_come_in_any_order() -> None:
    grouped = list(LengthGroupedSampler(LENGTHS, 8, seed=0))
    shuffled = np.random.default_rng(1).permutation(1003).tolist()
    assert padding(grouped, 8) < padding(shuffled, 8) / 5
    means = np.array(
        [np.mean([LENGTHS[i] for i in grouped[first : first + 8]]) for first in range(0, 1000, 8)]
    )
    assert abs(np.corrcoef(np.arange(len(means)), means)[0, 1]) < 0.3


def test_the_small_batch_comes_last() -> None:
    order = list(LengthGroupedSampler([1] * 10, 4, seed=0))
    assert len(order) == 10


def test_padding_is_on_the_right_and_the_mask_comes_from_lengths() -> None:
    rows = [
        {"input_ids": [4, 0, 0], "labels": [-100, 0, 0], "weight": 1.0},
        {"input_ids": [5], "labels": [5], "weight": 0.5},
    ]
    batch = Collator(0)(rows)
    assert batch["input_ids"].tolist() == [[4, 0, 0], [5, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["labels"].tolist() == [[-100, 0, 0], [5, -100, -100]]
    assert batch["weight"].tolist() == [1.0, 0.5]


@pytest.mark.parametrize(
    ("rows", "length", "size"),
    [
        (50, 100, 4),
        (500, 100, 8),
        (1400, 100, 16),
        (2000, 100, 32),
        (10**6, 100, 32),
        (2000, 4096, 4),
        (9, 40000, 1),
    ],
)
def test_auto_batch_size(rows: int, length: int, size: int) -> None:
    assert auto_batch_size([length] * rows) == size


def test_widths_are_multiples_of_sixteen_but_never_beyond_the_longest_row() -> None:
    assert [padded_width(length, 100) for length in (1, 16, 17, 95, 97, 100)] == [16, 16, 32, 96, 100, 100]
    assert padded_width(120, 100) == 120
    row = {"input_ids": [5, 6], "labels": [-100, 6], "weight": 1.0}
    assert Collator(0, longest=40)([row])["input_ids"].shape == (1, 16)


def test_a_quarter_of_a_batch_is_of_one_group_and_a_batch_is_not() -> None:
    groups = np.arange(1003) % 5
    order = list(LengthGroupedSampler(LENGTHS, 8, 0, groups))
    assert sorted(order) == list(range(1003))
    pairs = groups[order[:1000]].reshape(-1, 2)
    # 50 batches of a pool hold 400 rows, 80 of each group; where a group ends within a pair, two meet.
    assert (pairs[:, 0] == pairs[:, 1]).mean() > 0.97
    batches = groups[order[:1000]].reshape(-1, 8)
    assert np.mean([len(set(batch)) for batch in batches.tolist()]) > 2
    shuffled = np.random.default_rng(1).permutation(1003).tolist()
    assert padding(order, 8) < padding(shuffled, 8) / 4


def test_a_batch_that_has_no_quarters_is_of_one_group() -> None:
    groups = np.arange(60) % 3
    batches = groups[list(LengthGroupedSampler(LENGTHS[:60], 5, 0, groups))].reshape(-1, 5)
    assert (batches == batches[:, :1]).all()


def test_sorted_batches_hold_every_row_once_and_rows_of_one_opening_together() -> None:
    openings = [[1] * 40, [2] * 40]
    made = [openings[number % 2] + [3] * (number + 1) for number in range(12)]
    data = Dataset.from_dict({"input_ids": made, "length": [len(row) for row in made]})
    batches = sorted_batches(data, 3)
    assert sorted(number for batch in batches for number in batch) == list(range(12))
    assert all(len({number % 2 for number in batch}) == 1 for batch in batches)
    assert [batch for batch in batches if 11 in batch] == [[11, 9, 7]]
