"""Reading every record form, mapping columns and labels, cleaning, duplicates and leaks, splitting."""

from __future__ import annotations

from luthier.data.checking import check
from luthier.data.cleaning import CleanOptions, CleanReport, clean_example
from luthier.data.duplicates import Duplicates, Pair, content, find_duplicates
from luthier.data.examples import Examples
from luthier.data.leaks import Leak, find_leaks
from luthier.data.loading import DataReport, Splits, TestSet, load_splits, test_task
from luthier.data.options import DataOptions, ReadOptions, TestOptions
from luthier.data.reading import ReadReport, read_examples
from luthier.data.removal import Conflict
from luthier.data.sniffing import Proposal, sniff
from luthier.data.splitting import split_indices

__all__ = [
    "CleanOptions",
    "CleanReport",
    "Conflict",
    "DataOptions",
    "DataReport",
    "Duplicates",
    "Examples",
    "Leak",
    "Pair",
    "Proposal",
    "ReadOptions",
    "ReadReport",
    "Splits",
    "TestOptions",
    "TestSet",
    "check",
    "clean_example",
    "content",
    "find_duplicates",
    "find_leaks",
    "load_splits",
    "read_examples",
    "sniff",
    "split_indices",
    "test_task",
]
