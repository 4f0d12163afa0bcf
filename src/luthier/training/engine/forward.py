"""`Forward`: a batch's loss, computed on packed rows where the model allows that, else plainly."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from luthier.methods.layers import transformer_layers
from luthier.models.context import attention_span
from luthier.training.loss import logits_at, supervised_loss, supervised_losses

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedModel

    from luthier.training.engine.layout import Layout

_log = logging.getLogger(__name__)

_TOLERANCE = {4: 1e-4, 2: 0.15}
"""How far a token's loss may be off, relative to the larger of itself and one nat, by a weight's bytes."""


class Forward:
    """Computes losses for one model, on packed rows where the first batch shows that this is exact.

    Rows are read plainly, and why is said once, where the base model drops activations at random, where the
    recipe chose an attention implementation of its own, and where a first batch read both ways gives other
    losses. Batches longer than a sliding window are read plainly too.

    Args:
        model: What `Method.apply` returned, without a distributed wrapper.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._base = model.get_base_model() if hasattr(model, "get_base_model") else model
        self._config = self._base.config.get_text_config()
        self._span = attention_span(model)
        adapter = getattr(model, "active_peft_config", None)
        self._learns_prompt = bool(getattr(adapter, "is_prompt_learning", False))
        self._virtual = int(getattr(adapter, "num_virtual_tokens", None) or 0)
        self._is_proven = False
        self._refusal = self._why_not()
        if self._refusal:
            _log.info("rows are read one by one: %s", self._refusal)

    @property
    def packs(self) -> bool:
        """Whether batches are read as packed rows, as far as is known yet."""
        return not self._refusal

    @contextmanager
    def reading(self, model: nn.Module, batch: Mapping[str, Any]) -> Iterator[None]:
        """Prepares the model for a batch; `loss` and the backward pass belong inside.

        Args:
            model: The model, or a distributed wrapper around it.
            batch: What `Collator` yields, on the model's device.
        """
        if self._can_pack(model, batch["layout"]) and not self._is_proven:
            self._prove(model, batch)
        if not self._can_pack(model, batch["layout"]):
            yield
            return
        with self._packing(batch["layout"]):
            yield

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """Returns the weighted sum of the cross-entropies (nats) of a batch's supervised tokens."""
        layout: Layout = batch["layout"]
        if self._can_pack(model, layout):
            return (self._packed_losses(model, layout) * layout.weights).sum()
        return supervised_loss(model, batch)

    def _why_not(self) -> str:
        from torch import nn

        implementation = self._config._attn_implementation
        if implementation not in ("sdpa", "eager"):
            return f"the recipe asks for {implementation}"
        if any(isinstance(module, nn.Dropout) and module.p for module in self._model.modules()):
            return "activations are dropped at random, and rows would not draw their own"
        return ""

    def _can_pack(self, model: nn.Module, layout: Layout) -> bool:
        if self._refusal or (self._learns_prompt and model is not self._model):
            return False
        return self._span is None or layout.longest + self._virtual <= self._span

    def _prove(self, model: nn.Module, batch: Mapping[str, Any]) -> None:
        """Reads one batch both ways, in the precision of the weights."""
        import torch

        layout: Layout = batch["layout"]
        self._is_proven = True
        # A resumed run reads its first batch twice too: it must not draw other numbers afterwards.
        with torch.no_grad(), torch.random.fork_rng(), _without_autocast(model):
            plain = supervised_losses(model, batch)[layout.order]
            try:
                with self._packing(layout):
                    packed = self._packed_losses(model, layout)
            except Exception as error:
                self._refusal = f"{type(self._base).__name__} cannot read packed rows ({error})"
            else:
                off = ((packed - plain).abs() / plain.clamp(min=1)).max().item()
                if not off <= _TOLERANCE[min(4, next(self._base.parameters()).element_size())]:
                    self._refusal = (
                        f"{type(self._base).__name__} computes another loss (by {off:.2g}) on packed rows"
                    )
        if self._refusal:
            _log.warning("rows are read one by one: %s", self._refusal)

    @contextmanager
    def _packing(self, layout: Layout) -> Iterator[None]:
        from transformers import AttentionInterface

        from luthier.training.engine.attention import NAME, State, current, packed_attention
        from luthier.training.engine.last_layer import asked_only

        AttentionInterface.register(NAME, packed_attention)
        state = State(layout)
        implementation = self._config._attn_implementation
        with ExitStack() as stack:
            stack.enter_context(current(state))
            stack.enter_context(asked_only(transformer_layers(self._base)[1][-1], state))
            stack.callback(setattr, self._config, "_attn_implementation", implementation)
            self._config._attn_implementation = NAME
            yield

    def _packed_losses(self, model: nn.Module, layout: Layout) -> Tensor:
        """Cross-entropies of the supervised tokens, shape (items,), in the order of the packed row."""
        from luthier.training.engine.cross_entropy import cross_entropies

        logits = self._packed_logits(model, layout)
        found = logits.index_select(0, layout.items) if layout.repeats else logits[: len(layout.items)]
        return cross_entropies(found, layout.targets)

    def _packed_logits(self, model: nn.Module, layout: Layout) -> Tensor:
        """Logits of the asked tokens, shape (asked, words)."""
        inputs: dict[str, Any] = {
            "input_ids": layout.ids,
            "position_ids": layout.positions + self._virtual,
            "use_cache": False,
        }
        if self._learns_prompt:
            # PEFT's own forward pass takes no positions beside a trained prefix.
            model = self._base
            inputs["past_key_values"] = self._model.get_prompt(batch_size=1)
        return logits_at(model, layout.ids, layout.asked, **inputs)


@contextmanager
def _without_autocast(model: nn.Module) -> Iterator[None]:
    """Computes in the precision of the weights; Accelerate wraps autocast around the forward pass itself."""
    import torch

    inner: Any = getattr(model, "module", model)
    wrapped = vars(inner).get("forward") if "_original_forward" in vars(inner) else None
    if wrapped is not None:
        inner.forward = inner._original_forward
    try:
        with torch.autocast(next(inner.parameters()).device.type, enabled=False):
            yield
    finally:
        if wrapped is not None:
            inner.forward = wrapped
