from __future__ import annotations

import pytest
from datasets import Dataset

from luthier.training.batches import (
    Collator,
    auto_batch_size,
    padded_width,
    sorted_batches,
)


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
        (1400, 100, 4),
        (2000, 100, 8),
        (5000, 100, 16),
        (8000, 100, 32),
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


def test_sorted_batches_hold_every_row_once_and_rows_of_one_opening_together() -> None:
    openings = [[1] * 40, [2] * 40]
    made = [openings[number % 2] + [3] * (number + 1) for number in range(12)]
    data = Dataset.from_dict({"input_ids": made, "length": [len(row) for row in made]})
    batches = sorted_batches(data, 3)
    assert sorted(number for batch in batches for number in batch) == list(range(12))
    assert all(len({number % 2 for number in batch}) == 1 for batch in batches)
    assert [batch for batch in batches if 11 in batch] == [[11, 9, 7]]
