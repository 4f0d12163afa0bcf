"""New labelled examples from a model: planned, asked for, read by the design, filtered, kept in a journal."""

from luthier.generation.generate import Generated, Generator, Wanted, generate_examples
from luthier.generation.options import Endpoint, GenerateOptions, LocalModel
from luthier.generation.report import GenerateReport
from luthier.generation.writing import Prompt, Reply, Sampling, TextWriter

__all__ = [
    "Endpoint",
    "GenerateOptions",
    "GenerateReport",
    "Generated",
    "Generator",
    "LocalModel",
    "Prompt",
    "Reply",
    "Sampling",
    "TextWriter",
    "Wanted",
    "generate_examples",
]
