"""`TrainingOptions`: the recipe's `training` section."""

from __future__ import annotations

from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

AUTO: Final = "auto"


class EarlyStopping(BaseModel):
    """When to stop before the last epoch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: str = AUTO
    """A validation metric: `loss`, or one that the experiment measures (`kappa`). `auto` is the task's
    primary metric where the experiment measures one, else `loss`."""

    patience: int = Field(default=2, ge=1)
    """Evaluations without a new best after which training stops."""


class TrainingOptions(BaseModel):
    """How a model is trained. The defaults suit some hundred to some thousand labelled rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: float | None = Field(default=3, gt=0)
    """Passes over the training rows; None where `steps` says how long."""

    steps: int | None = Field(default=None, ge=1)
    """Optimizer steps, instead of `epochs`."""

    learning_rate: Literal["auto"] | float = AUTO
    """Peak learning rate; `auto` follows the method and the size of the model."""

    batch_size: Literal["auto"] | int = AUTO
    """Rows in one forward pass; `auto` follows number and length of the rows (see `auto_batch_size`), and is
    read in several passes where the memory is too small for one."""

    batch_tokens: int | None = Field(default=None, ge=1)
    """Tokens that the rows of a step have together at most, instead of `batch_size`: short rows come in
    larger batches than long ones, read in as many passes as the memory needs. None counts rows."""

    gradient_accumulation: int = Field(default=1, ge=1)
    """Forward passes of `batch_size` rows a step. The result equals one pass over as many rows."""

    warmup: float = Field(default=0.06, ge=0, lt=1)
    """Share of the steps over which the learning rate rises from 0, 0 to 1."""

    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    """How the learning rate falls after the warm-up."""

    weight_decay: float = Field(default=0.01, ge=0)
    """Decoupled weight decay of matrices; norms and biases have none."""

    max_grad_norm: float = Field(default=1.0, ge=0)
    """Largest norm of the whole gradient; 0 does not clip."""

    optimizer: Literal["auto", "adamw", "muon", "adafactor", "sgd"] = AUTO
    """`auto` is Muon for a model that was pretrained with it (`luthier pretrain` notes that in the model's
    config) where `full` or `freeze` moves it, else AdamW. Adafactor keeps far less state, SGD none."""

    precision: Literal["auto", "float32", "bfloat16"] = AUTO
    """Of the computation; weights that move stay float32. `auto` is bfloat16 where the hardware has it."""

    max_length: Literal["auto"] | int = AUTO
    """Tokens a row may have; `auto` is what the model can read."""

    truncate: Literal["error", "input"] = "error"
    """A longer row is an error, or loses the end of its input text; never its instruction, answer or EOS."""

    early_stopping: EarlyStopping | None = None
    """None trains to the end. The best weights are kept either way."""

    evaluate_every: Literal["epoch"] | int = "epoch"
    """Evaluate and save a checkpoint after every epoch, or after so many steps."""

    save_total_limit: int = Field(default=1, ge=1)
    """Newest checkpoints kept; the best one is kept beside them."""

    gradient_checkpointing: bool = False
    """Compute activations again in the backward pass: less memory, about a third more time."""

    compile: bool = False
    """Compile norms and feed-forward layers with `torch.compile`: worth the first minutes in
    long trainings; a CPU needs a C++ compiler. A run with it repeats up to rounding only."""

    liger: bool = False
    """Compute norms, feed-forward layers and rotary embedding with Liger's kernels, on CUDA GPUs; needs
    `pip install 'luthier[liger]'`."""

    trunk_cache: bool | Literal["bfloat16"] = True
    """Compute what frozen layers at the bottom make of each row once, before the first step, and keep it on
    disk while training lasts, instead of in every epoch. `bfloat16` keeps it in half the space, rounded."""

    report_to: tuple[Literal["tensorboard", "mlflow", "wandb"], ...] = ()
    """Trackers that get the learning curve."""

    @model_validator(mode="after")
    def _positive(self) -> Self:
        for name in ("learning_rate", "batch_size", "max_length", "evaluate_every"):
            value = getattr(self, name)
            if not isinstance(value, str) and value <= 0:
                raise ValueError(f"{name} must be above 0 or {'epoch' if name == 'evaluate_every' else AUTO}")
        return self

    @model_validator(mode="before")
    @classmethod
    def _steps_replace_epochs(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("steps") is not None and "epochs" not in values:
            return {**values, "epochs": None}
        return values

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if (self.steps is None) == (self.epochs is None):
            raise ValueError("give epochs or steps, not both" if self.steps else "give epochs or steps")
        return self

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if self.batch_tokens is not None and self.batch_size != AUTO:
            raise ValueError("give batch_size or batch_tokens, not both")
        if self.batch_tokens is not None and self.gradient_accumulation > 1:
            raise ValueError(
                "gradient_accumulation counts passes of batch_size rows: give a larger batch_tokens instead"
            )
        return self
