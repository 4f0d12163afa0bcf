"""What a pretraining recipe may say: the sources, the tokenizer, the shape of the model, the schedule."""

import math
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from luthier.data.corpus import Cleaning, Source
from luthier.models import ModelOptions
from luthier.training.pretraining.instruct import Instruct

_OR_NAME = BeforeValidator(lambda value: value, json_schema_input_type=str | ModelOptions)
"""Tells editors what `ModelOptions` takes anyway: the name alone."""


_STEPS = 2000


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
    """Width of the residual stream."""

    layers: int = Field(default=8, ge=1)
    """Number of decoder layers."""

    heads: int = Field(default=4, ge=1)
    """Attention heads in a layer; divides `hidden_size`."""

    key_value_heads: int = Field(default=4, ge=1)
    """Heads of keys and values, which the attention heads share; divides `heads`."""

    intermediate_size: int = Field(default=704, ge=8)
    """Width of the feed-forward layers."""

    max_positions: int = Field(default=2048, ge=8)
    """Longest text in tokens that the saved model accepts."""

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.hidden_size % self.heads or self.heads % self.key_value_heads:
            raise ValueError("hidden_size must be a multiple of heads, and heads of key_value_heads")
        return self


class Optimisation(_Section):
    """The optimizer and its schedule: warm-up, a constant stretch, decay to zero."""

    optimizer: Literal["auto", "muon", "adamw"] = "auto"
    """Of the matrices; embeddings, output layer, norms and biases have AdamW. `auto`: what the base was
    trained with, which is `muon` for `luthier/tiny` and taken to be `adamw` for others (arXiv:2502.16982
    found no gain in changing it); `muon` for a new model."""

    steps: int | None = Field(default=None, ge=1)
    """Optimizer steps in all; null: 2,000, or with `max_minutes` as many as there is time for."""

    max_minutes: float | None = Field(default=None, gt=0)
    """Minutes of training, measurements on the way included, after which the decay has reached zero, however
    far the steps are; null: no limit. The clock decides the rates, so such a run does not repeat bit for
    bit."""

    rows: int = Field(default=16, ge=1)
    """Rows of `row_length` tokens in one optimizer step."""

    row_length: int = Field(default=512, ge=8)
    """Tokens in a row."""

    micro_rows: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Rows in one forward pass; divides `rows`. `auto` takes 4,096 tokens on a CPU and what fits on a GPU."""

    matrix_rate: Annotated[float, Field(gt=0)] | Literal["auto"] = "auto"
    """Peak learning rate of the matrices (Muon's before its own factor for a matrix's shape). `auto` from
    scratch: 0.02 with Muon; with AdamW 0.003239 - 0.0001395 ln(parameters) (arXiv:2001.08361), such as
    0.001 at 10 million and 0.0004 at 600 million. With `from`: a fifth of that."""

    vector_rate: Annotated[float, Field(gt=0)] | Literal["auto"] = "auto"
    """AdamW's peak learning rate of everything else. `auto`: 0.004 beside Muon, else as `matrix_rate`; with
    `from` a fifth of that."""

    weight_decay: Annotated[float, Field(ge=0)] | Literal["auto"] = "auto"
    """Decoupled weight decay of the matrices; nothing else decays. `auto`: 0.02 with Muon, 0.1 with AdamW."""

    warmup: int = Field(default=40, ge=0)
    """Steps over which the rates rise linearly from zero."""

    decay: float = Field(default=0.25, ge=0, le=1)
    """Share of the steps (or of `max_minutes`), the last ones, over which the rates fall linearly to zero."""

    clip: float = Field(default=1.0, gt=0)
    """Largest norm of the whole gradient."""

    bf16: bool | Literal["auto"] = "auto"
    """Compute in bfloat16; the weights that are updated stay float32 either way. `auto`: where the GPU, or
    the CPU's AVX512-BF16 or AMX, multiplies it; a CPU that imitates it takes several times as long."""

    gradient_checkpointing: bool = False
    """Compute activations again in the backward pass instead of keeping them: less memory, a third slower."""

    compile: bool = False
    """Use `torch.compile`: a tenth faster; needs a C++ compiler, and no run repeats bit for bit."""

    @model_validator(mode="after")
    def _divides(self) -> Self:
        if self.micro_rows != "auto" and self.rows % self.micro_rows:
            raise ValueError("rows must be a multiple of micro_rows")
        return self

    @property
    def planned_steps(self) -> float:
        """Steps in all; infinite where only the time is limited."""
        unsaid = _STEPS if self.max_minutes is None else math.inf
        return unsaid if self.steps is None else self.steps


class Pretraining(_Section):
    """A recipe for training a causal language model on plain text, from scratch or from a trained one."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    sources: tuple[Source, ...] = Field(min_length=1)
    """The files of text."""

    cleaning: Cleaning = Cleaning()
    """Which documents are kept."""

    from_: Annotated[ModelOptions, _OR_NAME] | None = Field(default=None, alias="from")
    """A causal language model to continue: `luthier/tiny`, a folder or a hub id. Its tokenizer and shape
    stay, so there is no `vocabulary` and no `architecture` then; null: a new model."""

    vocabulary: Vocabulary | None = None
    """The tokenizer of a new model; null: the defaults, or with `from` the base's."""

    architecture: Architecture | None = None
    """The shape of a new model; null: the defaults, or with `from` the base's."""

    optimisation: Optimisation = Optimisation()
    """How it is trained."""

    instruct: Instruct | None = None
    """A second stage afterwards, on instructions made from the same text; null: none."""

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

    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the saved weights; `auto` is bfloat16 for a new model and the base's type with `from`."""

    output: Path = Path("runs/pretrain")
    """Folder of the run, relative to the working directory."""

    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of everything random: initial weights, the order of documents and rows, samples."""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: Any) -> Any:
        """The sections of a new model stand in every recipe that makes one."""
        if not isinstance(values, dict) or values.get("from", values.get("from_")) is not None:
            return values
        made = {"vocabulary": Vocabulary(), "architecture": Architecture()}
        return values | {name: section for name, section in made.items() if values.get(name) is None}

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        names = [source.name for source in self.sources]
        if len(set(names)) != len(names):
            raise ValueError("two sources have the same file name; give one a `name`")
        if self.from_ is not None:
            self._check_base(self.from_)
        elif self.architecture:
            self._check_lengths(self.architecture.max_positions)
        return self

    def _check_lengths(self, limit: int) -> None:
        if self.optimisation.row_length > limit:
            raise ValueError("row_length must not exceed max_positions")
        if self.instruct is not None and self.instruct.max_length > limit:
            raise ValueError("instruct.max_length must not exceed max_positions")

    def _check_base(self, base: ModelOptions) -> None:
        for name in ("vocabulary", "architecture"):
            if getattr(self, name) is not None:
                raise ValueError(f"{name} contradicts `from`: the base model brings its own; leave it out")
        if base.dtype != "auto":
            raise ValueError(
                "weights are trained in float32; say with `dtype` how to save them, not in `from`"
            )
        if base.attention == "flash_attention_2":
            raise ValueError(
                "flash_attention_2 does not take the mask of packed rows; use sdpa or leave it out"
            )
