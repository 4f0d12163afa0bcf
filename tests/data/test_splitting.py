from __future__ import annotations

import time
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.data import split_indices


def singles(count):
    return [[number] for number in range(count)]


def test_labels_keep_their_share():
    strata = [("a",)] * 700 + [("b",)] * 250 + [("c",)] * 50
    _, validation = split_indices(strata, singles(1000), 0.1, seed=3)
    assert Counter(strata[i][0] for i in validation) == {"a": 70, "b": 25, "c": 5}


def test_several_labels_keep_their_shares_together():
    strata = [
        tuple(name for name, every in (("x", 2), ("y", 5), ("z", 20)) if n % every == 0) for n in range(1000)
    ]
    _, validation = split_indices(strata, singles(1000), 0.2, seed=0)
    counts = Counter(label for i in validation for label in strata[i])
    assert abs(len(validation) - 200) <= 3
    assert abs(counts["x"] - 100) <= 3
    assert abs(counts["y"] - 40) <= 3
    assert abs(counts["z"] - 10) <= 1


def test_a_label_met_once_stays_in_train():
    strata = [("rare",)] + [("often",)] * 99
    for seed in range(20):
        train, _ = split_indices(strata, singles(100), 0.3, seed)
        assert 0 in train


def test_the_seed_decides_and_nothing_else():
    strata = [("a",)] * 100
    first = split_indices(strata, singles(100), 0.1, seed=1)
    assert first == split_indices(strata, singles(100), 0.1, seed=1)
    assert first != split_indices(strata, singles(100), 0.1, seed=2)


def test_many_labels_take_no_longer_than_few():
    strata = [(f"label {n % 1000}", f"label {n % 7}") for n in range(20_000)]
    start = time.process_time()
    split_indices(strata, singles(20_000), 0.1, seed=0)
    assert time.process_time() - start < 4  # 0.3 s here, 12 s where each label looked at every record


def test_a_large_group_does_not_swamp_validation():
    groups = [list(range(50)), *[[number] for number in range(50, 150)]]
    for seed in range(20):
        train, validation = split_indices([("a",)] * 150, groups, 0.1, seed)
        assert set(range(50)) <= set(train)
        assert len(validation) == 15


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_groups_stay_whole_and_nothing_is_lost(data):
    sizes = data.draw(st.lists(st.integers(1, 6), min_size=2, max_size=20))
    groups, start = [], 0
    for size in sizes:
        groups.append(list(range(start, start + size)))
        start += size
    strata = data.draw(
        st.lists(st.lists(st.sampled_from("abc"), unique=True), min_size=start, max_size=start)
    )
    share = data.draw(st.floats(0.05, 0.5))
    train, validation = split_indices(strata, groups, share, data.draw(st.integers(0, 99)))
    assert sorted(train + validation) == list(range(start))
    assert train
    assert validation
    for group in groups:
        assert set(group) <= set(train) or set(group) <= set(validation)
