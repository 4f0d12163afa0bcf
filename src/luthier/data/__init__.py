"""Reading every record form, mapping columns and labels, cleaning, duplicates and leaks, splitting."""

from __future__ import annotations

from luthier.data.balance import (
    AnyBalance,
    Balance,
    BalanceReport,
    NoBalance,
    Oversample,
    Undersample,
    Weights,
)
from luthier.data.checking import check
from luthier.data.classes import ClassCounts, Imbalance, class_reader, count_classes, find_imbalances
from luthier.data.cleaning import CleanOptions, CleanReport, clean_example
from luthier.data.duplicates import Duplicates, Pair, content, find_duplicates
from luthier.data.enlarging import enlarge
from luthier.data.examples import Examples
from luthier.data.leaks import Leak, find_leaks
from luthier.data.loading import DataReport, Splits, TestSet, load_splits, test_task
from luthier.data.options import DataOptions, ReadOptions, TestOptions
from luthier.data.reading import ReadReport, read_examples
from luthier.data.removal import Conflict
from luthier.data.sniffing import Proposal, sniff
from luthier.data.splitting import join_groups, split_folds, split_indices
from luthier.data.unlabelled import Seen, known_targets, unseen

__all__ = [
    "AnyBalance",
    "Balance",
    "BalanceReport",
    "ClassCounts",
    "CleanOptions",
    "CleanReport",
    "Conflict",
    "DataOptions",
    "DataReport",
    "Duplicates",
    "Examples",
    "Imbalance",
    "Leak",
    "NoBalance",
    "Oversample",
    "Pair",
    "Proposal",
    "ReadOptions",
    "ReadReport",
    "Seen",
    "Splits",
    "TestOptions",
    "TestSet",
    "Undersample",
    "Weights",
    "check",
    "class_reader",
    "clean_example",
    "content",
    "count_classes",
    "enlarge",
    "find_duplicates",
    "find_imbalances",
    "find_leaks",
    "join_groups",
    "known_targets",
    "load_splits",
    "read_examples",
    "sniff",
    "split_folds",
    "split_indices",
    "test_task",
    "unseen",
]
