"""`LuthierTrainer`: the Hugging Face Trainer with our loss, batches, evaluation and checkpoints.

A subclass needs its base class, so this module imports transformers at its top; it is itself imported late.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import Trainer

from luthier.errors import LuthierError
from luthier.training.batches import LengthGroupedSampler, sorted_batches
from luthier.training.checkpoint import load_trainable, save_trainable
from luthier.training.engine import Forward, prefix_groups
from luthier.training.hardware import kept_random_state
from luthier.training.loss import supervised_weight
from luthier.training.memory import give_back_memory
from luthier.training.metric import PREFIX, choose_metric, is_better
from luthier.training.options import AUTO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

Evaluate = Callable[[Any], Mapping[str, float]]
"""Measures a model on the validation set: metric name to value, the primary metric first."""


_log = logging.getLogger(__name__)

_TRUNK_ROWS = 32
"""Rows that frozen layers read at once: no gradient is kept of them."""


class LuthierTrainer(Trainer):  # type: ignore[misc]
    """Trains on token rows.

    Args:
        measure: Called at every evaluation; what it returns stands beside the loss.
        metric: The metric that chooses the best weights; `auto` as in `EarlyStopping.metric`.
        **options: The Trainer's own.
    """

    # The loss is divided by the weight of the whole accumulated batch, so nothing is left to scale.
    loss_is_scaled_for_ga = True

    def __init__(self, *, measure: Evaluate | None = None, metric: str = AUTO, **options: Any) -> None:
        super().__init__(**options)
        self.forward = Forward(self.model)
        self.measure = measure
        self.metric = metric
        self.samples = 0
        self.tokens = 0
        self.evaluation_seconds = 0.0
        self.earlier_seconds = 0.0
        self._started = time.monotonic()

    def keep_trunk(self, path: Path) -> None:
        """Computes what frozen layers at the bottom make of every row, before the first step.

        Args:
            path: File to keep it in while training lasts.
        """
        self.forward.keep_trunk(self._all_batches(), path, self.autocast_smart_context_manager())
        if self.forward.trunk is not None:
            _log.info("  frozen layers: computed once, %.0f MiB on disk", path.stat().st_size / 2**20)

    def _all_batches(self) -> Iterator[dict[str, Any]]:
        for rows in (self.train_dataset, self.eval_dataset):
            if len(rows):
                for batch in sorted_batches(rows, _TRUNK_ROWS):
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
        self.samples += inputs["layout"].rows
        self.tokens += inputs["layout"].tokens
        # Gradients are averaged over processes; the divisor already counts all of them.
        share = self.forward.loss(model, inputs) / num_items_in_batch
        return share * int(self.accelerator.num_processes)

    def _get_num_items_in_batch(
        self, batch_samples: list[Mapping[str, Tensor]], device: torch.device
    ) -> Tensor:
        weights = [supervised_weight(batch["labels"], batch["weight"]) for batch in batch_samples]
        total = torch.stack(weights).sum().to(device)
        return self.accelerator.gather(total).sum() if self.accelerator.num_processes > 1 else total

    def training_step(self, model: nn.Module, inputs: Mapping[str, Any], *args: Any, **kwargs: Any) -> Tensor:
        """One forward and backward pass.

        Raises:
            LuthierError: Where the loss is not a number, before a weight has moved.
        """
        with self.forward.reading(model, inputs):
            loss: Tensor = super().training_step(model, inputs, *args, **kwargs)
        if not torch.isfinite(loss):
            raise LuthierError(
                f"the loss became {loss.item()} at step {self.state.global_step + 1}",
                "lower training.learning_rate (try a tenth) or set training.precision: float32",
            )
        return loss

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthGroupedSampler:
        rows = self.train_dataset if train_dataset is None else train_dataset
        size = self.get_total_train_batch_size(self.args)
        groups = prefix_groups(rows["input_ids"], size)
        return LengthGroupedSampler(rows["length"], size, self.args.seed, groups)

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
        return sorted_batches(self.eval_dataset, self.args.per_device_eval_batch_size)

    def _validation_loss(self) -> float:
        total = torch.zeros((), dtype=torch.float64)
        divisor = torch.zeros((), dtype=torch.float64)
        for numbers in self._validation_batches:
            rows = [self.eval_dataset[number] for number in numbers]
            batch = {name: value.to(self.args.device) for name, value in self.data_collator(rows).items()}
            with self.compute_loss_context_manager(), self.forward.reading(self.model, batch):
                total += self.forward.loss(self.model, batch).double().cpu()
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
        save_trainable(self.model, Path(output_dir or self.args.output_dir))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        load_trainable(self.model if model is None else model, Path(resume_from_checkpoint))

    def _load_best_model(self) -> None:
        load_trainable(self.model, Path(self.state.best_model_checkpoint))


@contextmanager
def _kept_randomness(device: torch.device) -> Iterator[None]:
    python, numpy = random.getstate(), np.random.get_state()
    with kept_random_state(device):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)
