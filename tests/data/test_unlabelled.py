from collections import Counter

from luthier.data import Examples
from luthier.data.unlabelled import unseen
from luthier.tasks import Example

LONG = "The soup was cold, but what a view over the harbour we had that evening."
SETS = {
    "train": ["A train text of its own.", "In train and in the test set."],
    "validation": ["A validation text of its own."],
    "test/id": [LONG, "In train and in the test set."],
}
UNLABELLED = [
    "Nothing like the others at all.",
    LONG.upper() + "  ",  # equal but for case and space
    LONG.replace("evening", "morning"),
    "A validation text of its own.",
    "A train text of its own.",
    "In train and in the test set.",
    "Nothing like the others at all.",
    "短文本一条。",
]


def examples(prefix: str, texts: list[str]) -> Examples:
    return Examples.of(Example(f"{prefix}-{n}", text) for n, text in enumerate(texts))


def test_what_stands_elsewhere_is_left_out_and_says_where():
    sets = {role: examples(role, texts) for role, texts in SETS.items()}
    kept, seen = unseen(examples("u", UNLABELLED), sets)
    assert kept == [0, 7]
    assert [(item.id, item.reason, item.seen_id) for item in seen] == [
        ("u-1", "test/id, equal", "test/id-0"),
        ("u-2", "test/id, near", "test/id-0"),
        ("u-3", "validation, equal", "validation-0"),
        ("u-4", "train, equal", "train-0"),
        ("u-5", "test/id, equal", "test/id-1"),  # a test set is graver than train
        ("u-6", "repeated", ""),
    ]
    assert 0.8 <= seen[1].similarity < 1


def test_blocks_find_what_one_comparison_finds():
    sets = {role: examples(role, texts) for role, texts in SETS.items()}
    pool = examples("u", UNLABELLED)
    whole = unseen(pool, sets)
    for block in (1, 2, 3):
        assert unseen(pool, sets, block=block) == whole


def test_without_other_sets_only_repetitions_go():
    kept, seen = unseen(examples("u", UNLABELLED), {})
    assert len(kept) == len(UNLABELLED) - 1
    assert Counter(item.reason for item in seen) == {"repeated": 1}
