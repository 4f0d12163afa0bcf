"""Pretraining a causal language model on plain text: corpus, tokenizer, packed rows, loop."""

from luthier.training.pretraining.loop import Pretrainer, pretrain
from luthier.training.pretraining.options import (
    Architecture,
    Optimisation,
    Pretraining,
    Vocabulary,
)
from luthier.training.pretraining.prepare import Prepared, prepare

__all__ = [
    "Architecture",
    "Optimisation",
    "Prepared",
    "Pretrainer",
    "Pretraining",
    "Vocabulary",
    "prepare",
    "pretrain",
]
