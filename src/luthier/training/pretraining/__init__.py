"""Pretraining a causal language model on plain text: corpus, tokenizer, packed rows, loop."""

from luthier.training.pretraining.loop import Pretrainer, pretrain
from luthier.training.pretraining.options import (
    Architecture,
    Cleaning,
    Optimisation,
    Pretraining,
    Source,
    Vocabulary,
)
from luthier.training.pretraining.prepare import Prepared, prepare

__all__ = [
    "Architecture",
    "Cleaning",
    "Optimisation",
    "Prepared",
    "Pretrainer",
    "Pretraining",
    "Source",
    "Vocabulary",
    "prepare",
    "pretrain",
]
