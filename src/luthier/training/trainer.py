"""`LuthierTrainer`: the Hugging Face Trainer with our loss, batches, evaluation and checkpoints.

A subclass needs its base class, so this module imports transformers at its top; it is itself imported late.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from accelerate.utils import DistributedType
from transformers import Trainer

from luthier.errors import LuthierError, UserError
from luthier.heap import give_back_memory
from luthier.training.batches import sorted_batches
from luthier.training.callbacks import EpochOrder
from luthier.training.checkpoint import load_trainable, save_pieces, save_trainable
from luthier.training.engine import Forward, Meter
from luthier.training.engine.cost import model_cost
from luthier.training.hardware import kept_random_state
from luthier.training.loss import supervised_weight
from luthier.training.memory import is_out_of_memory
from luthier.training.metric import PREFIX, choose_metric, is_better
from luthier.training.muon import muon_and_adamw
from luthier.training.options import AUTO
from luthier.training.pieces import Pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn
    from torch.utils.data import DataLoader

    from luthier.training.pieces import Row
    from luthier.training.sampler import LengthGroupedBatches

Evaluate = Callable[[Any], Mapping[str, float]]
"""Measures a model on the validation set: metric name to value, the primary metric first."""


_log = logging.getLogger(__name__)

_TRUNK_ROWS = 32
"""Rows that frozen layers read at once: no gradient is kept of them."""


class LuthierTrainer(Trainer):  # type: ignore[misc]
    """Trains on token rows.

    The loader yields the rows of a whole step, and `pieces` says in how many passes they are read: the
    Trainer's own accumulation cannot change while it trains.

    Args:
        batches: An epoch's, for all processes.
        measure: Called at every evaluation; what it returns stands beside the loss.
        metric: The metric that chooses the best weights; `auto` as in `EarlyStopping.metric`.
        muon: Whether Muon moves the matrices.
        insists: Whether it has to; else it is AdamW where matrices are divided among processes.
        **options: The Trainer's own.
    """

    # The loss is divided by the weight of the whole accumulated batch, so nothing is left to scale.
    loss_is_scaled_for_ga = True

    def __init__(
        self,
        *,
        batches: LengthGroupedBatches,
        measure: Evaluate | None = None,
        metric: str = AUTO,
        muon: bool = False,
        insists: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._muon = muon
        self._insists = insists
        self.batches = batches
        self.add_callback(EpochOrder(batches))
        several = self.accelerator.num_processes > 1
        self.pieces = Pieces(1, self.data_collator, self.args.device, self.largest if several else None)
        self.forward = Forward(self.model)
        self.meter = _meter(self.model)
        self.measure = measure
        self.metric = metric
        self.samples = 0
        self.tokens = 0
        self.evaluation_seconds = 0.0
        self.earlier_seconds = 0.0
        self._started = time.monotonic()

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """Returns what moves the weights: Muon with AdamW, or what the arguments name."""
        divided = self.is_fsdp_enabled or self.is_deepspeed_enabled
        if not self._muon or (divided and not self._insists):
            made: torch.optim.Optimizer = super().create_optimizer(model)
            return made
        if divided:
            raise UserError(
                "training.optimizer: muon needs whole matrices; FSDP and DeepSpeed divide them",
                "set training.optimizer: adamw",
            )
        found = muon_and_adamw(
            self.model,
            self.get_decay_parameter_names(self.model),
            lr=self.args.learning_rate,
            weight_decay=self.args.weight_decay,
            bf16=self.args.bf16,
        )
        self.optimizer = found
        return found

    def keep_trunk(self, folder: Path, kept: torch.dtype | None = None) -> None:
        """Computes what frozen layers at the bottom make of every row, before the first step.

        Args:
            folder: Takes the files, see `Forward.keep_trunk`.
            kept: What the states are kept in; None is what they are computed in.
        """
        tokens = sum(self.train_dataset["length"]) + sum(
            self.eval_dataset["length"] if self.eval_dataset else ()
        )
        # The other processes of this machine find every row there.
        with self.accelerator.local_main_process_first():
            self.forward.keep_trunk(
                self._all_batches(),
                folder,
                tokens=tokens,
                autocast=torch.bfloat16 if self.args.bf16 else None,
                kept=kept,
                computed=self.meter.keep if self.meter is not None else None,
            )
        if self.forward.trunk is not None:
            _log.info("  frozen layers: computed once, %.0f MiB on disk", self.forward.trunk.bytes / 2**20)

    def _all_batches(self) -> Iterator[dict[str, Any]]:
        for rows in (self.train_dataset, self.eval_dataset):
            if len(rows):
                for batch in sorted_batches(rows, min(_TRUNK_ROWS, 8 * self._rows_a_piece())):
                    yield self.data_collator([rows[number] for number in batch])

    def autocast_smart_context_manager(self, cache_enabled: bool | None = True) -> torch.autocast:
        """The precision that losses are computed in.

        Accelerate's stands around the wrapper's forward pass alone, and the engine reads rows with a trained
        prefix by the model inside of it.
        """
        device = self.args.device.type
        return torch.autocast(device, torch.bfloat16, enabled=self.args.bf16, cache_enabled=cache_enabled)

    def compute_loss(
        self,
        model: nn.Module,
        inputs: Mapping[str, Any],
        return_outputs: bool = False,  # noqa: ARG002 - the Trainer's signature
        num_items_in_batch: Tensor | float = 1.0,
    ) -> Tensor:
        """Weighted mean loss over the supervised tokens of the whole step; this pass's share of it."""
        # Gradients are averaged over processes; the divisor already counts all of them.
        share = self.forward.loss(model, inputs) / num_items_in_batch
        return share * int(self.accelerator.num_processes)

    def _get_num_items_in_batch(self, batch_samples: list[_Step], device: torch.device) -> Tensor:
        total = torch.stack([step.weight() for step in batch_samples]).sum().to(device)
        return self.accelerator.gather(total).sum() if self.accelerator.num_processes > 1 else total

    def largest(self, number: int) -> int:
        """Returns the largest of the numbers that the processes call it with."""
        gathered: Tensor = self.accelerator.gather(torch.tensor([number], device=self.args.device))
        return int(gathered.max())

    def training_step(self, model: nn.Module, inputs: _Step, *args: Any, **kwargs: Any) -> Tensor:
        """The forward and backward passes of a step.

        Raises:
            LuthierError: Where the loss is not a number, before a weight has moved.
        """
        step, read = super().training_step, []

        def one(piece: dict[str, Any], is_last: bool) -> Tensor:
            with self._gathering(model, is_last), self.forward.reading(model, piece):
                found: Tensor = step(model, piece, *args, **kwargs)
                read.append((piece["layout"], self.forward.skipped_layers(model, piece["layout"])))
            return found

        def forget() -> None:
            read.clear()
            model.zero_grad()

        loss = self.pieces.read(inputs.rows, one, forget)
        if self.meter is not None:
            for layout, skipped in read:
                self.meter.add(layout, skipped)
        self.samples += len(inputs.rows)
        self.tokens += sum(row["length"] for row in inputs.rows)
        if not torch.isfinite(loss):
            raise LuthierError(
                f"the loss became {loss.item()} at step {self.state.global_step + 1}",
                "lower training.learning_rate (try a tenth) or set training.precision: float32",
            )
        return loss

    @contextmanager
    def _gathering(self, model: nn.Module, is_last: bool) -> Iterator[None]:
        """Lets processes sum up their gradients after a step's last piece alone."""
        self.accelerator.gradient_state._set_sync_gradients(is_last)
        # DeepSpeed looks at the line above, and has no other way.
        waits = is_last or self.accelerator.distributed_type == DistributedType.DEEPSPEED
        with nullcontext() if waits else self.accelerator.no_sync(model):
            yield

    def get_train_dataloader(self) -> DataLoader[_Step]:
        """Yields each step's rows; a process gets its own."""
        loader = torch.utils.data.DataLoader(self.train_dataset, batch_sampler=self.batches, collate_fn=_Step)
        prepared: DataLoader[_Step] = self.accelerator.prepare(loader)
        return prepared

    def floating_point_ops(self, inputs: _Step) -> int:  # noqa: ARG002 - the Trainer's signature
        """Nothing: the Trainer's estimate counts padding, and what is computed once several times."""
        return 0

    def _rows_a_piece(self) -> int:
        return ceil(self.batches.rows / self.pieces.count)

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Mean loss over all supervised tokens of the validation rows, and what `measure` adds.

        Random numbers drawn here do not change the training that goes on afterwards.
        """
        started = time.monotonic()
        metrics: dict[str, float] = {}
        self.model.eval()
        give_back_memory()
        with self.forward.frozen.whole(), _kept_randomness(self.args.device), torch.no_grad():
            if len(self.eval_dataset):
                metrics[PREFIX + "loss"] = self._validation_loss()
            if self.measure is not None:
                metrics |= {PREFIX + name: float(value) for name, value in self.measure(self.model).items()}
        give_back_memory()
        self.evaluation_seconds += time.monotonic() - started
        self.log(dict(metrics))
        self.control = self.callback_handler.on_evaluate(
            self.args,
            self.state,
            self.control,  # type: ignore[has-type]
            metrics,
        )
        return metrics

    @cached_property
    def _validation_batches(self) -> list[list[int]]:
        return sorted_batches(self.eval_dataset, 2 * self._rows_a_piece())

    def _validation_loss(self) -> float:
        total = torch.zeros((), dtype=torch.float64)
        divisor = torch.zeros((), dtype=torch.float64)
        waiting = list(reversed(self._validation_batches))
        while waiting:
            numbers = waiting.pop()
            rows = [self.eval_dataset[number] for number in numbers]
            batch = {name: value.to(self.args.device) for name, value in self.data_collator(rows).items()}
            try:
                with self.compute_loss_context_manager(), self.forward.reading(self.model, batch):
                    total += self.forward.loss(self.model, batch).double().cpu()
            except (RuntimeError, MemoryError) as error:
                if len(numbers) == 1 or not is_out_of_memory(error):
                    raise
                waiting += [numbers[len(numbers) // 2 :], numbers[: len(numbers) // 2]]
                continue
            divisor += supervised_weight(batch["labels"], batch["weight"]).double().cpu()
        return float(total / divisor)

    def _determine_best_metric(self, metrics: Mapping[str, float], trial: Any) -> bool:  # noqa: ARG002
        measured = {name.removeprefix(PREFIX): value for name, value in metrics.items()}
        name = choose_metric(self.metric, measured)
        if not is_better(name, measured[name], self.state.best_metric):
            return False
        self.state.best_metric = measured[name]
        self.state.best_global_step = self.state.global_step
        return True

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:  # noqa: ARG002
        """Logs with the seconds since training began, those before a resumption included."""
        super().log({**logs, "seconds": self.earlier_seconds + time.monotonic() - self._started}, None)

    def _save(self, output_dir: str | None = None, **_: Any) -> None:
        folder = Path(output_dir or self.args.output_dir)
        save_trainable(self.model, folder)
        save_pieces(self.pieces.count, folder)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        load_trainable(self.model if model is None else model, Path(resume_from_checkpoint))

    def _load_best_model(self) -> None:
        load_trainable(self.model, Path(self.state.best_model_checkpoint))


def _meter(model: Any) -> Meter | None:
    try:
        return Meter(model_cost(model))
    except Exception as error:  # whatever a family's own code raises: counting must not stop a training
        _log.info("  arithmetic is not counted: %s", error)
        return None


class _Step:
    """A step's rows, which become tensors piece by piece. No sequence: Accelerate would look into each."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows

    def weight(self) -> Tensor:
        """As `supervised_weight`."""
        weights = torch.tensor([row["weight"] for row in self.rows], dtype=torch.float32)
        return (torch.tensor([row["supervised"] for row in self.rows]) * weights).sum()


@contextmanager
def _kept_randomness(device: torch.device) -> Iterator[None]:
    python, numpy = random.getstate(), np.random.get_state()
    with kept_random_state(device):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)
