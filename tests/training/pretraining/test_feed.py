import numpy as np
import pytest

from luthier.training.pretraining.feed import RowStream, mix_sources


def test_shares_are_kept_at_every_moment():
    mix = mix_sources([45, 30, 25])
    counts = np.zeros(3)
    for row in range(1, 500):
        counts[next(mix)] += 1
        assert np.abs(counts - row * np.array([0.45, 0.30, 0.25])).max() <= 1
    assert counts.sum() == 499


def test_an_epoch_reads_each_row_once_and_the_next_in_another_order():
    source = np.arange(50, dtype=np.uint16).reshape(50, 1)
    rows = RowStream([source], [1.0], seed=3)
    first, second = rows.take(50).flatten(), rows.take(50).flatten()
    assert sorted(first) == sorted(second) == list(range(50))
    assert first.tolist() != second.tolist()
    assert rows.epochs == [2.0]


@pytest.mark.parametrize("skipped", [0, 1, 7, 30])
def test_skipping_is_the_same_as_taking(skipped):
    sources = [
        np.arange(10, dtype=np.uint16).reshape(10, 1),
        np.arange(100, 103, dtype=np.uint16).reshape(3, 1),
    ]
    straight, resumed = RowStream(sources, [2, 1], seed=0), RowStream(sources, [2, 1], seed=0)
    if skipped:
        straight.take(skipped)
    resumed.skip(skipped)
    assert straight.take(20).tolist() == resumed.take(20).tolist()
