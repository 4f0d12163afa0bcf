"""`train`: token rows in, the best weights and a learning curve out."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import DataError, LuthierError, Problem, UserError
from luthier.files import sha256_json, write_json
from luthier.methods import count_parameters
from luthier.models import context_length
from luthier.training.arguments import (
    check_trackers,
    set_schedule,
    tracker_places,
    training_arguments,
    use_muon,
)
from luthier.training.batches import Collator
from luthier.training.checkpoint import checkpoints, load_pieces, remove_checkpoints
from luthier.training.fitting import fitting_pieces
from luthier.training.kernels import chosen_kernels
from luthier.training.memory import peak_memory, reset_peak_memory
from luthier.training.metric import choose_metric
from luthier.training.options import AUTO, TrainingOptions
from luthier.training.peak import matrix_peak
from luthier.training.result import TrainResult, in_words, read_history
from luthier.training.sampler import batch_size, choose_batches

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from luthier.training.engine import EngineReport
    from luthier.training.trainer import LuthierTrainer

_log = logging.getLogger(__name__)

_STARTED_AS = "started-as.json"
_TRUNK = "trunk"
_IRRELEVANT = {"report_to", "save_total_limit"}


def train(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    train_rows: Dataset,
    validation_rows: Dataset | None = None,
    *,
    options: TrainingOptions,
    learning_rate: float,
    output_dir: Path,
    seed: int = 0,
    resume: bool = False,
    evaluate: Callable[[PreTrainedModel], Mapping[str, float]] | None = None,
    trunk: Path | None = None,
) -> TrainResult:
    """Trains `model` in place; it holds the best weights afterwards (the last, where nothing is evaluated).

    Args:
        model: What `Method.apply` returned.
        tokenizer: The model's; says what pads.
        train_rows: What `models.encode_all` made.
        validation_rows: The same, for the loss at every evaluation.
        options: How to train.
        learning_rate: Peak learning rate, used where `options.learning_rate` is `auto`.
        output_dir: Folder of the checkpoints. Without `resume`, older checkpoints in it are removed.
        seed: Of the batches' order and of dropout.
        resume: Go on from the newest whole checkpoint, if there is one, to the very weights of an unbroken
            run.
        evaluate: Measures the model on the validation set; the primary metric comes first in what it returns.
        trunk: Folder for what frozen layers compute, where several trainings share it; None keeps it in
            `output_dir` while this one lasts.

    Raises:
        UserError: Where a row has nothing to learn from, options do not fit the model, or a resumed run
            would not be the one that was started.
        LuthierError: Where the loss is no number any more.
    """
    from luthier.training.trainer import LuthierTrainer

    check_trackers(options.report_to)
    check_rows(train_rows)
    check_tokens(model, train_rows)
    check_trainable(model, options)
    size = batch_size(train_rows, options)
    rate = learning_rate if options.learning_rate == AUTO else float(options.learning_rate)
    evaluates = evaluate is not None or bool(validation_rows)
    checkpoint = _begin(output_dir, _signature(options, rate, seed, size, train_rows), resume)
    stop = options.early_stopping
    if stop is not None and not evaluates:
        raise UserError(
            "early stopping has nothing to look at", "give a validation set, or drop early_stopping"
        )
    arguments = training_arguments(
        options,
        learning_rate=rate,
        evaluates=evaluates,
        output_dir=output_dir,
        seed=seed,
    )
    batches = choose_batches(train_rows, options, seed, arguments.world_size)
    set_schedule(arguments, options, batches)
    reset_peak_memory()
    with (
        tracker_places(output_dir),
        _unchanged_config(model),
        chosen_kernels(model, options, arguments.device),
    ):
        trainer = LuthierTrainer(
            model=model,
            args=arguments,
            train_dataset=train_rows,
            eval_dataset=validation_rows or [],
            batches=batches,
            data_collator=Collator(int(tokenizer.pad_token_id), _longest(train_rows, validation_rows)),
            measure=evaluate,
            metric=stop.metric if stop else AUTO,
            muon=use_muon(options, model),
            insists=options.optimizer != AUTO,
        )
        return _run(trainer, options, checkpoint, trunk)


def max_length(model: PreTrainedModel, options: TrainingOptions) -> int | None:
    """Returns the tokens that a row may have; None is no limit.

    Raises:
        UserError: Where the recipe allows more than the model can read.
    """
    limit = context_length(model)
    if options.max_length == AUTO:
        return limit
    wanted = int(options.max_length)
    if limit is not None and wanted > limit:
        raise UserError(
            f"max_length is {wanted}, the model reads {limit} tokens", f"set max_length to {limit}"
        )
    return wanted


def check_rows(rows: Dataset) -> None:
    """Raises a DataError where there is no row, or rows have no token that counts in the loss."""
    if not len(rows):
        raise UserError(
            "there is nothing to train on: no rows", "check data.train and what was dropped from it"
        )
    empty = [number for number, supervised in enumerate(rows["supervised"]) if not supervised]
    if empty:
        named = rows.select(empty)["id"]
        raise DataError(
            f"{len(empty)} of {len(rows)} rows have no supervised token: nothing to learn from",
            [Problem(f"row {name} has an empty answer and no EOS") for name in named],
            "look at them with `luthier check`: the answer must not be empty",
        )


def check_tokens(model: PreTrainedModel, rows: Dataset) -> None:
    """Raises a UserError where rows hold an id that the model does not embed.

    The tokenizer is another model's then, or was given tokens after the weights were saved.
    """
    import pyarrow.compute as pc

    ids = rows.with_format("arrow")["input_ids"]
    largest = pc.max(pc.list_flatten(ids)).as_py()
    embedded = model.get_input_embeddings().num_embeddings
    if largest >= embedded:
        raise UserError(
            f"the tokenizer gives the id {largest}, the model embeds {embedded} tokens (0 to {embedded - 1})",
            "give a folder whose tokenizer belongs to its weights",
        )


def _longest(train_rows: Dataset, validation_rows: Dataset | None) -> int:
    return int(max([*train_rows["length"], *(validation_rows["length"] if validation_rows else ())]))


def _run(
    trainer: LuthierTrainer, options: TrainingOptions, checkpoint: Path | None, trunk: Path | None
) -> TrainResult:
    import torch
    from transformers import PrinterCallback

    from luthier.training.callbacks import EarlyStop, LastEvaluation, ShowProgress

    progress = ShowProgress(trainer.get_total_train_batch_size(trainer.args))
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(progress)
    if options.early_stopping is not None:
        trainer.add_callback(EarlyStop(options.early_stopping.metric, options.early_stopping.patience))
    if trainer.args.eval_strategy == "steps":
        trainer.add_callback(LastEvaluation())
    if checkpoint is not None:
        state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
        trainer.earlier_seconds = max(
            (entry.get("seconds", 0.0) for entry in state["log_history"]), default=0.0
        )
    trainer.pieces.count = _first_pieces(trainer, options, checkpoint)
    started = time.monotonic()
    own_trunk = Path(trainer.args.output_dir) / _TRUNK
    try:
        if trainer.args.bf16 and trainer.accelerator.distributed_type == "NO":
            trainer.forward.frozen.hold()
        if options.trunk_cache and (trunk or _passes(trainer) > 1):
            kept = torch.bfloat16 if options.trunk_cache == "bfloat16" else None
            trainer.keep_trunk(trunk or own_trunk, kept)
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    finally:
        progress.close()
        trainer.forward.close()
        shutil.rmtree(own_trunk, ignore_errors=True)
        # Mixed precision wraps `forward`; what is evaluated and saved next must be the model as anyone
        # loads it.
        trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
        trainer.model.eval()
    return _result(trainer, time.monotonic() - started)


def _passes(trainer: LuthierTrainer) -> float:
    """How often training reads each row."""
    if trainer.args.max_steps > 0:
        return float(trainer.args.max_steps / trainer.batches.steps)
    return float(trainer.args.num_train_epochs)


def _first_pieces(trainer: LuthierTrainer, options: TrainingOptions, checkpoint: Path | None) -> int:
    """In how many pieces a step is read: as before the stop, else as the memory of every process allows."""
    if checkpoint is not None:
        return load_pieces(checkpoint)
    count = fitting_pieces(
        trainer.model,
        trainer.train_dataset,
        options,
        bfloat16=trainer.args.bf16,
        device=trainer.args.device,
    )
    return trainer.largest(count)


def _result(trainer: LuthierTrainer, seconds: float) -> TrainResult:
    history = read_history(trainer.state.log_history)
    evaluations = [row for row in history if row.eval_loss is not None or row.metrics]
    metric = ""
    if evaluations:
        last = evaluations[-1]
        loss = {} if last.eval_loss is None else {"loss": last.eval_loss}
        metric = choose_metric(trainer.metric, {**loss, **last.metrics})
    training_seconds = max(seconds - trainer.evaluation_seconds, 1e-9)
    # Before the peak of speed is measured: that holds memory of its own.
    peak_bytes = peak_memory()
    result = TrainResult(
        history=history,
        best_step=trainer.state.best_global_step or trainer.state.global_step,
        best_metric=metric,
        steps=trainer.state.global_step,
        seconds=seconds,
        samples_per_second=trainer.samples / training_seconds,
        tokens_per_second=trainer.tokens / training_seconds,
        peak_memory_bytes=peak_bytes,
        parameters=count_parameters(trainer.model),
        engine=_engine(trainer, training_seconds),
    )
    _log.info("  %s", in_words(result))
    return result


def _engine(trainer: LuthierTrainer, seconds: float) -> EngineReport | None:
    if trainer.meter is None or not trainer.samples:
        return None
    peak = matrix_peak(trainer.args.device, bfloat16=trainer.args.bf16)
    return trainer.meter.report(seconds, peak)


def _begin(output_dir: Path, signature: dict[str, Any], resume: bool) -> Path | None:
    """Prepares the folder; returns the checkpoint to go on from."""
    note = output_dir / _STARTED_AS
    found = checkpoints(output_dir)
    if resume and found:
        before = json.loads(note.read_text(encoding="utf-8")) if note.exists() else {}
        changed = [name for name in signature if before.get(name) != signature[name]]
        if changed:
            raise UserError(
                f"this training cannot be resumed: {', '.join(changed)} changed since it was started",
                "restore what changed, or start again without --resume",
            )
        return found[-1]
    remove_checkpoints(output_dir)
    write_json(note, signature)
    return None


def _signature(options: TrainingOptions, rate: float, seed: int, size: int, rows: Dataset) -> dict[str, Any]:
    """What decides the weights, beside model and method."""
    return {
        "training options": options.model_dump(mode="json", exclude=_IRRELEVANT),
        "learning rate": rate,
        "batch size": size,
        "seed": seed,
        "training rows": _fingerprint(rows),
    }


def _fingerprint(rows: Dataset) -> str:
    """Hashes ids, tokens and weights of the rows, in their order."""
    digest = hashlib.sha256(sha256_json([list(rows["id"]), list(rows["length"])]).encode())
    for table in rows.with_format("arrow").iter(batch_size=1000):
        for name in ("input_ids", "labels"):
            digest.update(table[name].combine_chunks().flatten().to_numpy().tobytes())
        digest.update(table["weight"].to_numpy().tobytes())
    return digest.hexdigest()


def check_trainable(model: PreTrainedModel, options: TrainingOptions) -> None:
    """Raises a UserError where the options do not fit the method, a LuthierError where nothing moves."""
    adapters = getattr(model, "peft_config", {}).values()
    if options.gradient_checkpointing and any(adapter.is_prompt_learning for adapter in adapters):
        raise UserError(
            "P-tuning v2 cannot run with gradient checkpointing: a layer run again has no prefix",
            "set training.gradient_checkpointing: false, or choose method: lora",
        )
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise LuthierError("no parameter of the model is trainable", "apply a method to it first")


@contextmanager
def _unchanged_config(model: PreTrainedModel) -> Iterator[None]:
    """Undoes that the Trainer turns the generation cache off, which would be saved with the model."""
    before = model.config.use_cache
    try:
        yield
    finally:
        model.config.use_cache = before
