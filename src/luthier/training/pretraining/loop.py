"""The training loop: rows in, a model out, with its checkpoints, measurements and samples on the way."""

import json
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError, UserError
from luthier.training.hardware import best_device, choose_bfloat16
from luthier.training.pretraining.checkpoint import load_checkpoint, save_checkpoint
from luthier.training.pretraining.clock import Clock
from luthier.training.pretraining.feed import Feed, RowStream
from luthier.training.pretraining.measure import bits_per_byte, continue_prompts
from luthier.training.pretraining.model import export_model, obtain_model
from luthier.training.pretraining.network import Network
from luthier.training.pretraining.optimizer import build_optimizers, rate_factor, set_rates
from luthier.training.pretraining.options import Pretraining
from luthier.training.pretraining.packing import document_marks
from luthier.training.pretraining.prepare import Prepared, prepare
from luthier.training.pretraining.sizes import rows_at_once, tokens_at_once
from luthier.training.progress import ProgressDisplay

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_LOG_EVERY = 10


class Pretrainer:
    """One run: built from a recipe, resumed from its folder's checkpoint where there is one."""

    def __init__(self, recipe: Pretraining, prepared: Prepared) -> None:
        """Build the run's state, or restore it: weights, moments, random generators and place in the data.

        Args:
            recipe: what to train, and where.
            prepared: the tokenizer and the rows, from `prepare(recipe)`.

        Raises:
            UserError: Where the base model cannot be used, or a source does not fill one row.
        """
        import torch

        torch.manual_seed(recipe.seed)
        recipe.output.mkdir(parents=True, exist_ok=True)
        self.recipe, self.prepared = recipe, prepared
        options = recipe.optimisation
        self.marks = document_marks(prepared.tokenizer)
        self.network = self._build_network()
        self.optimizers = build_optimizers(
            self.model, options, base=recipe.from_.name if recipe.from_ else None, bf16=self.network.bf16
        )
        self._micro_rows = self._choose_micro_rows()
        self._names = [source.name for source in recipe.sources]
        rows = self._row_stream()
        if recipe.from_ is not None:
            self.network.probe(torch.from_numpy(rows.peek()).to(self.model.device))
        progress = load_checkpoint(recipe.output, self.model, self.optimizers) or {"step": 0, "clock": ()}
        self.step: int = progress["step"]
        rows.skip(self.step * options.rows)
        self._feed = Feed(rows, options.rows, self.marks, self.model.device)
        self._epochs = rows.epochs
        self.clock = Clock(options.max_minutes, *progress["clock"])
        self._progress = ProgressDisplay("pretraining")
        self._log(
            "start",
            sources=prepared.counts,
            parameters=self.model.num_parameters(),
            device=self.model.device.type,
            bf16=self.network.bf16,
            micro_rows=self._micro_rows,
            packed=self.network.takes_masks,
        )

    @property
    def model(self) -> "PreTrainedModel":
        """The model that is trained."""
        return self.network.model

    @property
    def steps(self) -> float:
        """Steps in all: the recipe's, or the number in the file `steps` of the run's folder; may be infinite.

        The file lengthens or shortens a run under way; until the decay begins it changes nothing else.
        """
        override = self.recipe.output / "steps"
        if override.exists():
            return int(override.read_text())
        return self.recipe.optimisation.planned_steps

    def train(self) -> Path:
        """Run to the last step and save the model; returns its folder.

        All held-out rows are measured before the first step and after the last.

        Raises:
            LuthierError: Where the loss is no number any more.
        """
        recipe = self.recipe
        try:
            if self.step == 0:
                self.measure(None)
            while self.step < self.steps and not self.clock.is_over:
                self._advance()
                if self.step % recipe.checkpoint_every == 0:
                    self._save_checkpoint()
                if self.step % recipe.evaluate_every == 0:
                    self.measure(recipe.held_out_rows)
            self._save_checkpoint()
            self.measure(None)
        finally:
            self._progress.close()
        export_model(self.model, self.prepared.tokenizer, recipe, recipe.output / "model")
        return recipe.output / "model"

    def train_step(self, steps: float) -> tuple[float, float, dict[str, float]]:
        """One optimizer step of a run of `steps`.

        Returns:
            The mean loss in nats a token, the gradient's norm before clipping, the rates of matrices and of
            vectors.
        """
        import torch

        options = self.recipe.optimisation
        factor = rate_factor(self.step, steps, options.warmup, options.decay, time_left=self.clock.time_left)
        rates = set_rates(self.optimizers, factor)
        batch = self._feed.take()
        total = torch.zeros((), device=self.model.device)
        for first in range(0, options.rows, self._micro_rows):
            micro = slice(first, first + self._micro_rows)
            total += self.network.backward(batch.tokens[micro], batch.targets[micro], 1.0 / batch.counted)
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), options.clip)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self._feed.stage()
        self._epochs = batch.epochs
        self.step += 1
        return float(total), float(norm), rates

    def _build_network(self) -> Network:
        recipe, options = self.recipe, self.recipe.optimisation
        bf16 = choose_bfloat16(
            None if options.bf16 == "auto" else options.bf16, "set optimisation.bf16: false"
        )
        model = obtain_model(recipe, self.prepared.tokenizer).to(best_device()).train()
        if options.gradient_checkpointing:
            model.gradient_checkpointing_enable({"use_reentrant": False})
        return Network(model, self.marks.opens, bf16=bf16, compiled=options.compile)

    def _choose_micro_rows(self) -> int:
        options = self.recipe.optimisation
        if options.micro_rows != "auto":
            return options.micro_rows
        tokens = tokens_at_once(self.model, checkpointing=options.gradient_checkpointing)
        return rows_at_once(options.rows, options.row_length, tokens)

    def _row_stream(self) -> RowStream:
        rows = [self.prepared.training[name] for name in self._names]
        empty = [name for name, source in zip(self._names, rows, strict=True) if not len(source)]
        if empty:
            raise UserError(
                f"{', '.join(empty)}: less text than one row of {self.recipe.optimisation.row_length} tokens",
                "give more text, or lower optimisation.row_length",
            )
        return RowStream(rows, [source.share for source in self.recipe.sources], self.recipe.seed)

    def _advance(self) -> None:
        """Take a step, show it, and log every tenth."""
        options = self.recipe.optimisation
        self.clock.begin_step()
        loss, norm, rates = self.train_step(self.steps)
        self.clock.end_step()
        if not math.isfinite(loss):
            raise LuthierError(
                f"the loss is {loss} at step {self.step}: training diverged",
                "lower optimisation.matrix_rate and vector_rate, and start in an empty folder",
            )
        speed = options.rows * options.row_length / self.clock.seconds_per_step
        left = self.clock.steps_left(self.steps - self.step)
        steps = self.step + int(left)
        told = f"loss {loss:.4f}  {speed:,.0f} tokens/s"
        self._progress.step(self.step, steps, told, left * self.clock.seconds_per_step)
        if self.step % _LOG_EVERY == 0:
            self._log(
                "step",
                steps=steps,
                loss=loss,
                norm=norm,
                rates=rates,
                tokens_per_second=speed,
                tokens=self.step * options.rows * options.row_length,
                epochs=self._epochs_by_source(),
            )

    def measure(self, rows: int | None = None) -> dict[str, float | None]:
        """Log bits per byte on the first `rows` held-out rows of each source (None: all), and samples.

        Returns:
            Bits per byte by source; None where a source has no held-out text.
        """
        self.model.eval()
        measured = {
            name: bits_per_byte(self.network, held_out, self.marks, self._micro_rows, most=rows)
            for name, held_out in self.prepared.held_out.items()
        }
        texts = continue_prompts(self.network, self.prepared.tokenizer, self.marks, self.recipe.prompts)
        self.model.train()
        numbers = ", ".join(f"{name} {value:.4f}" for name, value in measured.items() if value is not None)
        self._progress.write(f"step {self.step}  held-out bits per byte: {numbers or 'no held-out text'}")
        self._log("measured", epochs=self._epochs_by_source(), bits_per_byte=measured, samples=texts)
        return measured

    def _epochs_by_source(self) -> dict[str, float]:
        return dict(zip(self._names, self._epochs, strict=True))

    def _save_checkpoint(self) -> None:
        clock = [self.clock.seconds, self.clock.seconds_per_step]
        save_checkpoint(self.recipe.output, self.model, self.optimizers, step=self.step, clock=clock)

    def _log(self, event: str, **values: Any) -> None:
        record = {"event": event, "time": time.strftime("%FT%TZ", time.gmtime()), "step": self.step, **values}
        with (self.recipe.output / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(record, ensure_ascii=False) + "\n")


def pretrain(recipe: Pretraining) -> Path:
    """Train to the end, or go on from where the run's folder stands; returns the saved model's folder."""
    return Pretrainer(recipe, prepare(recipe)).train()
