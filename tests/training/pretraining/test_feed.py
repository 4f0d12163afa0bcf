import numpy as np
import pytest
import torch

from luthier.training.pretraining.feed import Feed, RowStream, mix_sources
from luthier.training.pretraining.packing import Marks


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


def test_staging_ahead_changes_no_batch():
    def feed():
        source = np.arange(40, dtype=np.uint16).reshape(10, 4)
        return Feed(RowStream([source], [1.0], seed=0), 2, Marks(8, 9), torch.device("cpu"))

    eager, ahead = feed(), feed()
    for step in range(1, 7):
        one = eager.take()
        ahead.stage()
        other = ahead.take()
        ahead.stage()
        assert torch.equal(one.tokens, other.tokens)
        assert torch.equal(one.targets, other.targets)
        # 2 of 10 rows a step; a row of 4 predicts 3 tokens, but not the mark that opens a document.
        assert one.epochs == other.epochs == [pytest.approx(0.2 * step)]
        assert one.counted == other.counted == 6 - int((one.tokens[:, 1:] == 8).sum())
