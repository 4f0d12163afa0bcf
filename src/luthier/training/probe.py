"""A few real steps, to say beforehand how long training takes and how much memory it needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from luthier.training.arguments import total_steps, use_bfloat16, use_muon
from luthier.training.batches import Collator
from luthier.training.engine import Forward
from luthier.training.fitting import fitting_pieces
from luthier.training.hardware import best_device, kept_random_state
from luthier.training.memory import peak_memory
from luthier.training.options import TrainingOptions
from luthier.training.pieces import Pieces
from luthier.training.sampler import choose_batches, steps_per_epoch
from luthier.training.train import check_trainable

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from luthier.training.pieces import Row

_FORWARD_SHARE = 1 / 3
"""A forward pass costs about a third of forward and backward together."""


_COUNTED = 50
"""Batches whose tokens are counted."""

_FEWEST = 4
"""Random steps that are made however long they take."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What a few steps measured.

    Attributes:
        seconds_per_step: Mean of the random batches.
        seconds_per_token: The same over the tokens that were computed: what rows share once, padding too.
        epoch_tokens: Tokens that an epoch computes, so counted.
        peak_memory_bytes: Most memory held, with the longest rows, random batches and what `evaluate` did:
            of the GPU, else of the whole process.
        steps: Random steps that were timed.
        pieces: Forward passes that a step is read in, by the memory that was free.
    """

    seconds_per_step: float
    seconds_per_token: float
    epoch_tokens: int
    peak_memory_bytes: int
    steps: int
    pieces: int


def probe(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    rows: Dataset,
    options: TrainingOptions,
    *,
    evaluate: Callable[[PreTrainedModel], object] | None = None,
    steps: int = 40,
    seconds: float = 10.0,
) -> Probe:
    """Runs one step on the longest rows, for the memory, then some on random batches, for time and memory.

    Batches of other shapes take memory of their own on a CPU: its matrix library keeps code and work space
    for every shape, and the heap is in pieces. So the peak is read after the random steps. The model's
    weights and the state of the random numbers are as before when it returns.

    Args:
        model: What `Method.apply` returned.
        tokenizer: The model's.
        rows: The rows that training would read.
        options: How it would train.
        evaluate: Does what training does with the model at an evaluation, a part of it if that is like the
            whole.
        steps: Random steps to make at most.
        seconds: Time after which no further one is begun, once there are four.

    Raises:
        UserError: Where training would refuse the options for this model.
    """
    check_trainable(model, options)
    device, bfloat16 = best_device(), use_bfloat16(options)
    with _restored(model, device) as copied_bytes, _checkpointing(model, options):
        collate = Collator(int(tokenizer.pad_token_id), max(rows["length"]))
        count = fitting_pieces(model, rows, options, bfloat16=bfloat16, device=device)
        pieces = Pieces(count, collate, device)
        with closing(_Stepper(model, make_optimizer(model, options), pieces, bfloat16)) as run:
            before = peak_memory()
            batches = list(choose_batches(rows, options, seed=0))
            # Twice: from the second step on the optimizer's state and the activations stand side by side.
            for _ in range(2):
                run.step([rows[number] for number in _longest(rows, options, len(batches[0]))])
            started = time.perf_counter()
            while run.steps < steps:
                run.timed_step([rows[number] for number in batches[run.steps % len(batches)]])
                if time.perf_counter() - started > seconds and run.steps >= _FEWEST:
                    break
            if evaluate is not None:
                run.evaluate(evaluate)
            return Probe(
                seconds_per_step=run.seconds / run.steps,
                seconds_per_token=run.seconds / run.tokens,
                epoch_tokens=_epoch_tokens(rows, batches, run),
                peak_memory_bytes=max(peak_memory() - copied_bytes, before),
                steps=run.steps,
                pieces=pieces.count,
            )


def predict_seconds(
    probe: Probe, rows: Dataset, options: TrainingOptions, validation_rows: Dataset | None = None
) -> float:
    """Returns the seconds that training will take: steps, and the validation loss at every evaluation.

    What the experiment measures beside the loss (generation) is not in it.
    """
    an_epoch = steps_per_epoch(rows, options)
    epochs = total_steps(an_epoch, options) / an_epoch
    seconds = probe.epoch_tokens * epochs * probe.seconds_per_token
    if validation_rows:
        evaluations = evaluation_count(rows, options)
        share = probe.epoch_tokens / sum(rows["length"])
        tokens = evaluations * sum(validation_rows["length"]) * share
        seconds += tokens * probe.seconds_per_token * _FORWARD_SHARE
    return seconds


def evaluation_count(rows: Dataset, options: TrainingOptions) -> int:
    """Returns how often a training on these rows evaluates."""
    an_epoch, every = steps_per_epoch(rows, options), options.evaluate_every
    return ceil(total_steps(an_epoch, options) / (an_epoch if isinstance(every, str) else every))


def make_optimizer(model: PreTrainedModel, options: TrainingOptions) -> torch.optim.Optimizer:
    """Returns an optimizer that keeps what training's keeps, and hardly moves a weight."""
    import torch
    from transformers.optimization import Adafactor

    from luthier.training.muon import muon_and_adamw

    moving, rate = [parameter for parameter in model.parameters() if parameter.requires_grad], 1e-6
    if options.optimizer == "sgd":
        return torch.optim.SGD(moving, lr=rate)
    if use_muon(options, model):
        return muon_and_adamw(model, (), lr=rate, weight_decay=0.0, bf16=use_bfloat16(options))
    if options.optimizer == "adafactor":
        adafactor: torch.optim.Optimizer = Adafactor(
            moving, lr=rate, scale_parameter=False, relative_step=False
        )
        return adafactor
    return torch.optim.AdamW(moving, lr=rate)


@contextmanager
def _checkpointing(model: PreTrainedModel, options: TrainingOptions) -> Iterator[None]:
    """Computes activations twice for the while, where training does so."""
    if not options.gradient_checkpointing:
        yield
        return
    model.gradient_checkpointing_enable({"use_reentrant": False})
    try:
        yield
    finally:
        model.gradient_checkpointing_disable()


def _epoch_tokens(rows: Dataset, batches: list[list[int]], run: _Stepper) -> int:
    """Tokens that an epoch computes, judged by up to 50 batches."""
    some = batches[:: ceil(len(batches) / _COUNTED)]
    computed = sum(run.computed_tokens([rows[number] for number in batch]) for batch in some)
    lengths = np.asarray(rows["length"])
    return round(computed * int(lengths.sum()) / sum(int(lengths[batch].sum()) for batch in some))


def _longest(rows: Dataset, options: TrainingOptions, size: int) -> list[int]:
    """The longest rows that can make a batch.

    Args:
        rows: The rows.
        options: Which may limit a batch by its tokens.
        size: Rows of a batch, where they do not.
    """
    lengths = np.asarray(rows["length"])
    order = np.argsort(-lengths, kind="stable")
    if options.batch_tokens is not None:
        size = int((np.cumsum(lengths[order]) <= options.batch_tokens).sum())
    found: list[int] = order[:size].tolist()
    return found


class _Stepper:
    """One optimizer step after another, as the Trainer does them; counts those that are timed."""

    def __init__(
        self, model: PreTrainedModel, optimizer: torch.optim.Optimizer, pieces: Pieces, bfloat16: bool
    ) -> None:
        self._model, self._optimizer = model, optimizer
        self._forward = Forward(model)
        self._pieces, self._bfloat16 = pieces, bfloat16
        self.seconds, self.tokens, self.steps = 0.0, 0, 0
        if bfloat16:
            self._forward.frozen.hold()

    def timed_step(self, rows: Sequence[Row]) -> None:
        started = time.perf_counter()
        self.step(rows)
        self.seconds += time.perf_counter() - started
        self.tokens += self.computed_tokens(rows)
        self.steps += 1

    def evaluate(self, work: Callable[[PreTrainedModel], object]) -> None:
        """Does what an evaluation does."""
        self._model.eval()
        with self._forward.frozen.whole():
            work(self._model)

    def close(self) -> None:
        """Makes every weight what it was."""
        self._forward.close()

    def computed_tokens(self, rows: Sequence[Row]) -> int:
        """Tokens of a step as they are read."""
        pieces = map(self._pieces.collate, self._pieces.cut(rows))
        return sum((one["layout"].ids if self._forward.packs else one["input_ids"]).numel() for one in pieces)

    def step(self, rows: Sequence[Row]) -> None:
        import torch

        weight = sum(row["weight"] * row["supervised"] for row in rows)

        def one(piece: dict[str, Any], _: bool) -> torch.Tensor:
            precision = torch.autocast(piece["input_ids"].device.type, torch.bfloat16, enabled=self._bfloat16)
            with self._forward.reading(self._model, piece):
                with precision:
                    loss: torch.Tensor = self._forward.loss(self._model, piece) / weight
                torch.autograd.backward([loss])
            return loss

        loss = self._pieces.read(rows, one, self._optimizer.zero_grad)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        loss.item()


@contextmanager
def _restored(model: PreTrainedModel, device: torch.device) -> Iterator[int]:
    """Puts weights, gradients, mode and random numbers back afterwards; yields the copy's bytes."""
    import torch

    moving = [parameter for parameter in model.parameters() if parameter.requires_grad]
    was_training, was_on = model.training, next(model.parameters()).device
    model.to(device).train()
    copies = [parameter.detach().clone() for parameter in moving]
    with kept_random_state(device):
        try:
            yield sum(copy.numel() * copy.element_size() for copy in copies)
        finally:
            with torch.no_grad():
                for parameter, copy in zip(moving, copies, strict=True):
                    parameter.copy_(copy)
                    parameter.grad = None
            model.to(was_on).train(was_training)
