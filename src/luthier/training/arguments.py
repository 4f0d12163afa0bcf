"""Our options in the Trainer's terms, and what the hardware and the installed packages allow."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from luthier.errors import UserError
from luthier.training.hardware import choose_bfloat16
from luthier.training.options import AUTO, TrainingOptions

if TYPE_CHECKING:
    from transformers import PreTrainedModel, TrainingArguments

    from luthier.training.sampler import LengthGroupedBatches

_POINTS = 100
"""Points of the learning curve, at least, where there are so many steps."""

PRETRAINED_WITH = "pretraining_optimizer"
"""Key of a model's config under which `luthier pretrain` notes what moved the matrices."""

_OPTIMIZERS = {
    "auto": "adamw_torch_fused",  # where it is not Muon
    "adamw": "adamw_torch_fused",
    "muon": "adamw_torch_fused",  # LuthierTrainer makes it itself
    "adafactor": "adafactor",
    "sgd": "sgd",
}
_SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}


def use_muon(options: TrainingOptions, model: PreTrainedModel) -> bool:
    """Tells whether Muon moves a model's matrices; where that is `auto`, whether it did in pretraining."""
    if options.optimizer != AUTO:
        return options.optimizer == "muon"
    return not hasattr(model, "peft_config") and getattr(model.config, PRETRAINED_WITH, None) == "muon"


def total_steps(steps_per_epoch: int, options: TrainingOptions) -> int:
    """Returns the optimizer steps of a whole training."""
    if options.epochs is None:
        return int(options.steps or 0)
    return ceil(options.epochs * steps_per_epoch)


def use_bfloat16(options: TrainingOptions) -> bool:
    """Tells whether computation runs in bfloat16 here.

    Raises:
        UserError: Where the recipe asks for bfloat16 and the GPU lacks it.
    """
    wanted = None if options.precision == "auto" else options.precision == "bfloat16"
    return choose_bfloat16(wanted, "set training.precision: float32")


def training_arguments(
    options: TrainingOptions,
    *,
    learning_rate: float,
    evaluates: bool,
    output_dir: Path,
    seed: int,
) -> TrainingArguments:
    """Writes the Trainer's arguments; everything that would print or guess is turned off."""
    import torch
    from transformers import TrainingArguments

    with warnings.catch_warnings():
        # The successor of `gradient_checkpointing` is not in every transformers 5.
        warnings.simplefilter("ignore", FutureWarning)
        arguments = TrainingArguments(
            output_dir=str(output_dir),
            num_train_epochs=options.epochs or 1,
            max_steps=options.steps or -1,
            learning_rate=learning_rate,
            lr_scheduler_type=_SCHEDULES[options.schedule],
            weight_decay=options.weight_decay,
            max_grad_norm=options.max_grad_norm,
            optim=_OPTIMIZERS[options.optimizer],
            bf16=use_bfloat16(options),
            use_cpu=not (torch.cuda.is_available() or torch.backends.mps.is_available()),
            save_total_limit=options.save_total_limit + evaluates,
            logging_strategy="steps",
            logging_nan_inf_filter=False,
            report_to=list(options.report_to) or "none",
            disable_tqdm=True,
            remove_unused_columns=False,
            # Batches of a step may hold different numbers of rows.
            accelerator_config={"even_batches": False},
            dataloader_pin_memory=torch.cuda.is_available(),
            log_level="error",
            seed=seed,
            **_occasions(options, evaluates=evaluates),
        )
    if arguments.n_gpu > 1:
        # More GPUs are used through `accelerate launch`; DataParallel would copy the model at every step.
        arguments._n_gpu = 1
    return arguments


def set_schedule(
    arguments: TrainingArguments, options: TrainingOptions, batches: LengthGroupedBatches
) -> None:
    """Writes what follows from the batches. How many processes share them, the arguments must say first."""
    steps = total_steps(batches.steps, options)
    arguments.per_device_train_batch_size = batches.rows
    arguments.warmup_steps = int(options.warmup * steps)
    arguments.logging_steps = max(1, steps // _POINTS)


def _occasions(options: TrainingOptions, *, evaluates: bool) -> dict[str, Any]:
    """When to evaluate and save, and what to compute twice to save memory."""
    extra: dict[str, Any] = {"eval_strategy": "no", "save_strategy": "epoch"}
    if options.evaluate_every != "epoch":
        extra |= {"save_strategy": "steps", "save_steps": options.evaluate_every}
    if evaluates:
        extra |= {"eval_strategy": extra["save_strategy"], "eval_steps": extra.get("save_steps")}
        extra |= {"load_best_model_at_end": True, "metric_for_best_model": "loss"}
    if options.gradient_checkpointing:
        extra |= {
            "gradient_checkpointing": True,
            "gradient_checkpointing_kwargs": {"use_reentrant": False},
        }
    return extra


def check_trackers(trackers: tuple[Literal["tensorboard", "mlflow", "wandb"], ...]) -> None:
    """Raises a UserError where a tracker's package is missing."""
    missing = [name for name in trackers if find_spec(name) is None]
    if missing:
        raise UserError(
            f"report_to names {', '.join(missing)}, which is not installed",
            f"pip install {' '.join(missing)}",
        )


@contextmanager
def tracker_places(output_dir: Path) -> Iterator[None]:
    """Sends TensorBoard and MLflow to the run's folder, unless the environment names another place."""
    places = {
        "TENSORBOARD_LOGGING_DIR": str(output_dir / "tensorboard"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{(output_dir / 'mlflow.db').resolve()}",
    }
    ours = {name: place for name, place in places.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]
