"""`PackedReader`: one model, reading packed rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from luthier.methods.layers import transformer_layers
from luthier.training.head import losses_in_chunks
from luthier.training.loss import logits_at

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedModel

    from luthier.training.engine.layout import Layout
    from luthier.training.engine.trunk import Trunk


class PackedReader:
    """Lets a model read a packed row for the while, and computes its losses.

    Args:
        model: What `Method.apply` returned, without a distributed wrapper.

    Attributes:
        base: The model inside an adapter.
        layers: Its layers.
        learns_prompt: Whether a trained prefix stands before every row.
        virtual: How many tokens long that is.
        trunk: What the layers at the bottom make of rows, where that is kept.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self.base: Any = model.get_base_model() if hasattr(model, "get_base_model") else model
        self.layers: nn.ModuleList = transformer_layers(self.base)[1]
        adapter = getattr(model, "active_peft_config", None)
        self.learns_prompt = bool(getattr(adapter, "is_prompt_learning", False))
        self.virtual = int(getattr(adapter, "num_virtual_tokens", None) or 0)
        self.trunk: Trunk | None = None

    @contextmanager
    def packing(self, layout: Layout) -> Iterator[None]:
        """Prepares the model for a packed row: its attention, its last layer, what is kept of the first."""
        from transformers import AttentionInterface

        from luthier.training.engine.attention import NAME, State, current, packed_attention
        from luthier.training.engine.last_layer import asked_only
        from luthier.training.engine.trunk import from_trunk

        AttentionInterface.register(NAME, packed_attention)
        state, config = State(layout), self.base.config.get_text_config()
        with ExitStack() as stack:
            stack.enter_context(current(state))
            stack.enter_context(asked_only(self.layers[-1], state))
            if self.trunk is not None and self.trunk.holds(layout):
                states = self.trunk.states(layout)
                stack.enter_context(from_trunk(self.layers, self.trunk.depth, states))
            stack.callback(setattr, config, "_attn_implementation", config._attn_implementation)
            config._attn_implementation = NAME
            yield

    def read(self, layout: Layout) -> None:
        """Reads a packed row for what is seen on the way."""
        with self.packing(layout):
            model, inputs = self._call(self._model, layout)
            logits_at(model, layout.ids, layout.asked, **inputs)

    def losses(self, model: nn.Module, layout: Layout) -> Tensor:
        """Returns the cross-entropies (nats) of the supervised tokens, in the order of the packed row.

        Args:
            model: The model, or a distributed wrapper around it, in `packing`.
            layout: The packed row.
        """
        from luthier.training.engine.cross_entropy import cross_entropies

        model, inputs = self._call(model, layout)
        asked = layout.asked.index_select(0, layout.items)
        in_chunks = losses_in_chunks(model, layout.ids, asked, layout.targets, **inputs)
        if in_chunks is not None:
            return in_chunks
        logits = logits_at(model, layout.ids, layout.asked, **inputs)
        found = logits.index_select(0, layout.items) if layout.repeats else logits[: len(layout.items)]
        return cross_entropies(found, layout.targets)

    def _call(self, model: nn.Module, layout: Layout) -> tuple[nn.Module, dict[str, Any]]:
        """What to call for a packed row, and with what."""
        inputs: dict[str, Any] = {
            "input_ids": layout.ids,
            "position_ids": layout.positions + self.virtual,
            "use_cache": False,
        }
        if self.learns_prompt:
            # PEFT's own forward pass takes no positions beside a trained prefix.
            model = self.base
            inputs["past_key_values"] = self._model.get_prompt(batch_size=1)
        return model, inputs
