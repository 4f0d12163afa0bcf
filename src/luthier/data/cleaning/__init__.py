"""Cleaning: rules that mend texts, spans that move with them, records that are left out and why."""

from luthier.data.cleaning.batches import CleanStage
from luthier.data.cleaning.clean import (
    Cleaned,
    CountTokens,
    Mended,
    clean_example,
    mend,
    mend_example,
    mend_input,
    unmended,
)
from luthier.data.cleaning.options import CleanOptions
from luthier.data.cleaning.report import CleanReport, Shown, Tally
from luthier.data.cleaning.stage import Cleaning

__all__ = [
    "CleanOptions",
    "CleanReport",
    "CleanStage",
    "Cleaned",
    "Cleaning",
    "CountTokens",
    "Mended",
    "Shown",
    "Tally",
    "clean_example",
    "mend",
    "mend_example",
    "mend_input",
    "unmended",
]
