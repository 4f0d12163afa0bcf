"""What a pretraining recipe may say: the sources, the tokenizer, the shape of the model, the schedule."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from luthier.data.corpus import Cleaning, Source


class _Section(BaseModel):
    """Base of the recipe's sections: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Vocabulary(_Section):
    """The tokenizer that is trained before the model."""

    size: int = Field(default=12_000, ge=600)
    """Number of tokens, the special ones and the 256 bytes included."""

    alphabet: int = Field(default=4_500, ge=1)
    """Most characters that have a token of their own before any merge; the rest are spelled in bytes."""

    characters: int = Field(default=10_000_000, ge=1)
    """Characters drawn from each source to count the merges on."""


class Architecture(_Section):
    """Shape of a Llama decoder with tied embeddings."""

    hidden_size: int = Field(default=256, ge=8)
    layers: int = Field(default=8, ge=1)
    heads: int = Field(default=4, ge=1)
    key_value_heads: int = Field(default=4, ge=1)
    intermediate_size: int = Field(default=704, ge=8)

    max_positions: int = Field(default=2048, ge=8)
    """Longest text in tokens that the saved model accepts."""

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.hidden_size % self.heads or self.heads % self.key_value_heads:
            raise ValueError("hidden_size must be a multiple of heads, and heads of key_value_heads")
        return self


class Optimisation(_Section):
    """Muon for the matrices, AdamW for embeddings and norms; warm-up, constant stretch, decay to zero."""

    steps: int = Field(default=2000, ge=1)
    """Optimizer steps in all."""

    rows: int = Field(default=16, ge=1)
    """Rows of `row_length` tokens in one optimizer step."""

    row_length: int = Field(default=512, ge=8)
    """Tokens in a row."""

    micro_rows: int = Field(default=8, ge=1)
    """Rows in one forward pass; divides `rows`."""

    matrix_rate: float = Field(default=0.02, gt=0)
    """Muon's peak learning rate (before its own factor for a matrix's shape)."""

    vector_rate: float = Field(default=0.004, gt=0)
    """AdamW's peak learning rate."""

    weight_decay: float = Field(default=0.02, ge=0)
    """Muon's decoupled weight decay; embeddings and norms have none."""

    warmup: int = Field(default=40, ge=0)
    """Steps over which the rates rise linearly from zero."""

    decay: float = Field(default=0.25, ge=0, le=1)
    """Share of the steps, the last ones, over which the rates fall linearly to zero."""

    clip: float = Field(default=1.0, gt=0)
    """Largest norm of the whole gradient."""

    bf16: bool = True
    """Compute in bfloat16; the weights that are updated stay float32 either way."""

    compile: bool = False
    """Use `torch.compile`: a tenth faster; needs a C++ compiler, and no run repeats bit for bit."""

    @model_validator(mode="after")
    def _micro_divides(self) -> Self:
        if self.rows % self.micro_rows:
            raise ValueError("rows must be a multiple of micro_rows")
        return self


class Pretraining(_Section):
    """A recipe for training a causal language model from scratch on plain text."""

    sources: tuple[Source, ...] = Field(min_length=1)
    cleaning: Cleaning = Cleaning()
    vocabulary: Vocabulary = Vocabulary()
    architecture: Architecture = Architecture()
    optimisation: Optimisation = Optimisation()

    held_out: float = Field(default=0.01, gt=0, lt=1)
    """Share of each source's documents that is never trained on and that bits per byte are measured on."""

    held_out_rows: int = Field(default=24, ge=1)
    """Rows of each source measured while training; all of them are measured at the end."""

    evaluate_every: int = Field(default=200, ge=1)
    """Steps between two measurements on held-out text, with samples."""

    checkpoint_every: int = Field(default=100, ge=1)
    """Steps between two checkpoints."""

    prompts: tuple[str, ...] = ("", "The food was", "这家餐厅")
    """Beginnings that the samples of text continue."""

    output: Path
    """The run's folder."""

    seed: int = 0

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [source.name for source in self.sources]
        if len(set(names)) != len(names):
            raise ValueError("two sources have the same file name")
        return self
