"""The second stage of pretraining: instructions that Luthier makes from its own corpus, in both languages."""

from luthier.training.pretraining.instruct.follow import follow_instructions
from luthier.training.pretraining.instruct.options import Instruct
from luthier.training.pretraining.instruct.result import InstructResult, KindResult

__all__ = ["Instruct", "InstructResult", "KindResult", "follow_instructions"]
