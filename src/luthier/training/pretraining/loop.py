"""The training loop: rows in, a model out, with its checkpoints, measurements and samples on the way."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.training.pretraining.checkpoint import load_checkpoint, save_checkpoint
from luthier.training.pretraining.loss import IGNORED, summed_cross_entropy
from luthier.training.pretraining.measure import bits_per_byte, continue_prompts
from luthier.training.pretraining.model import build_model, export_model, hidden_states
from luthier.training.pretraining.optimizer import build_optimizers, rate_factor, set_rates
from luthier.training.pretraining.options import Pretraining
from luthier.training.pretraining.packing import RowStream, next_token_targets
from luthier.training.pretraining.prepare import Prepared, prepare

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM

_LOG_EVERY = 10


class Pretrainer:
    """One run: built from a recipe, resumed from its folder's checkpoint where there is one."""

    def __init__(self, recipe: Pretraining, prepared: Prepared) -> None:
        """Build the run's state, or restore it: weights, moments, random generator and place in the data.

        Args:
            recipe: what to train, and where.
            prepared: the tokenizer and the rows, from `prepare(recipe)`.
        """
        import torch

        torch.manual_seed(recipe.seed)
        recipe.output.mkdir(parents=True, exist_ok=True)
        self.recipe = recipe
        self.prepared = prepared
        self.model: LlamaForCausalLM = build_model(recipe.architecture, prepared.tokenizer)
        self.optimizers = build_optimizers(self.model, recipe.optimisation)
        names = [source.name for source in recipe.sources]
        shares = [source.share for source in recipe.sources]
        self.rows = RowStream([prepared.training[name] for name in names], shares, recipe.seed)
        self.step = 0
        self._body = torch.compile(self.model.model) if recipe.optimisation.compile else self.model.model
        progress = load_checkpoint(recipe.output, self.model, self.optimizers)
        if progress:
            self.step = progress["step"]
            self.rows.skip(self.step * recipe.optimisation.rows)
        self._log("start", sources=prepared.counts, parameters=self.model.num_parameters())

    @property
    def steps(self) -> int:
        """Steps in all: the recipe's, or the number in the file `steps` of the run's folder.

        The file lengthens or shortens a run under way; until the decay begins it changes nothing else.
        """
        override = self.recipe.output / "steps"
        return int(override.read_text()) if override.exists() else self.recipe.optimisation.steps

    def train(self) -> Path:
        """Run to the last step, measure on all held-out rows, and save the model; returns its folder."""
        recipe = self.recipe
        tokens_per_step = recipe.optimisation.rows * recipe.optimisation.row_length
        while self.step < (steps := self.steps):
            started = time.monotonic()
            loss, norm, factor = self.train_step(steps)
            if self.step % _LOG_EVERY == 0:
                speed = tokens_per_step / (time.monotonic() - started)
                self._log("step", steps=steps, loss=loss, norm=norm, rate=factor, tokens_per_second=speed)
            if self.step % recipe.checkpoint_every == 0:
                save_checkpoint(recipe.output, self.model, self.optimizers, step=self.step)
            if self.step % recipe.evaluate_every == 0:
                self._measure(recipe.held_out_rows)
        save_checkpoint(recipe.output, self.model, self.optimizers, step=self.step)
        self._measure(None)
        export_model(self.model, self.prepared.tokenizer, recipe.output / "model")
        return recipe.output / "model"

    def train_step(self, steps: int) -> tuple[float, float, float]:
        """One optimizer step of a run of `steps`.

        Returns:
            The mean loss in nats a token, the gradient's norm before clipping, the share of the peak rate.
        """
        import torch

        options = self.recipe.optimisation
        factor = rate_factor(self.step, steps, options.warmup, options.decay)
        set_rates(self.optimizers, factor)
        tokens = torch.from_numpy(self.rows.take(options.rows))
        bos = self.prepared.tokenizer.bos_token_id
        targets = next_token_targets(tokens, bos)
        scale = 1.0 / int((targets != IGNORED).sum())
        weight, loss = self.model.lm_head.weight, 0.0
        for first in range(0, options.rows, options.micro_rows):
            micro = slice(first, first + options.micro_rows)
            hidden = hidden_states(self._body, tokens[micro], bos, bf16=options.bf16)
            losses, by_hidden, by_weight = summed_cross_entropy(
                hidden.detach().flatten(0, 1), weight.detach(), targets[micro].flatten(), scale=scale
            )
            loss += float(losses.sum()) * scale
            assert by_hidden is not None
            torch.autograd.backward([hidden, weight], [by_hidden.view_as(hidden), by_weight])
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), options.clip)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return loss, float(norm), factor

    def _measure(self, rows: int | None) -> None:
        """Log bits per byte on the first `rows` held-out rows of each source (None: all), and samples."""
        recipe, tokenizer = self.recipe, self.prepared.tokenizer
        micro_rows, bf16 = recipe.optimisation.micro_rows, recipe.optimisation.bf16
        self.model.eval()
        measured = {
            name: bits_per_byte(self.model, tokenizer, held_out[:rows], micro_rows, bf16=bf16)
            for name, held_out in self.prepared.held_out.items()
        }
        texts = continue_prompts(self.model, tokenizer, recipe.prompts)
        self.model.train()
        self._log("measured", epochs=self.rows.epochs, bits_per_byte=measured, samples=texts)

    def _log(self, event: str, **values: Any) -> None:
        record = {"event": event, "time": time.strftime("%FT%TZ", time.gmtime()), "step": self.step, **values}
        with (self.recipe.output / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(record, ensure_ascii=False) + "\n")


def pretrain(recipe: Pretraining) -> Path:
    """Train to the end, or go on from where the run's folder stands; returns the saved model's folder."""
    return Pretrainer(recipe, prepare(recipe)).train()
