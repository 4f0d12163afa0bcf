"""Augmentation of a training set: varied copies of its examples, each with where it comes from."""

from __future__ import annotations

from luthier.data.augmenting.copies import Copy, Wanted, vary_example
from luthier.data.augmenting.report import Augmented, AugmentReport, Provenance, Refusal
from luthier.data.augmenting.stage import Judge, Paraphraser, augment_examples

__all__ = [
    "AugmentReport",
    "Augmented",
    "Copy",
    "Judge",
    "Paraphraser",
    "Provenance",
    "Refusal",
    "Wanted",
    "augment_examples",
    "vary_example",
]
