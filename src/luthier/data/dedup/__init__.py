"""Each text but once, over files of any length: equal and near duplicates found on disk."""

from luthier.data.dedup.copies import Copies, find_copies, find_near_pairs
from luthier.data.dedup.stage import DedupReport, drop_copies

__all__ = ["Copies", "DedupReport", "drop_copies", "find_copies", "find_near_pairs"]
