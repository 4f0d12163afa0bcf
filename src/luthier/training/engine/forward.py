"""`Forward`: a batch's loss, computed on packed rows where the model allows that, else plainly."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.models.context import attention_span
from luthier.training.engine.layout import lay_out
from luthier.training.engine.reader import PackedReader
from luthier.training.frozen import FrozenWeights
from luthier.training.hardware import kept_random_state
from luthier.training.loss import supervised_loss, supervised_losses
from luthier.training.memory import is_out_of_memory

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from transformers import PreTrainedModel

    from luthier.training.engine.layout import Layout
    from luthier.training.engine.trunk import Trunk

_log = logging.getLogger(__name__)

_TOLERANCE = {4: 1e-4, 2: 0.15}
"""How far a token's loss may be off, relative to the larger of itself and one nat, by a number's bytes."""


class Forward:
    """Computes losses for one model, on packed rows where the first batch shows that this is exact.

    Rows are read plainly, and why is said once, where the base model drops activations at random, where the
    recipe chose an attention implementation of its own, and where a first batch read both ways gives other
    losses. Batches longer than a sliding window are read plainly too.

    Args:
        model: What `Method.apply` returned, without a distributed wrapper.

    Attributes:
        frozen: What can be held in bfloat16 until `close`.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._reader = PackedReader(model)
        self.frozen = FrozenWeights(model)
        self._span = attention_span(model)
        self._is_proven = False
        self._unproven_trunk: Trunk | None = None
        self._refusal = self._why_not()
        if self._refusal:
            _log.info("rows are read one by one: %s", self._refusal)

    @property
    def packs(self) -> bool:
        """Whether batches are read as packed rows, as far as is known yet."""
        return not self._refusal

    @property
    def trunk(self) -> Trunk | None:
        """What frozen layers make of the rows, where that is kept."""
        return self._reader.trunk or self._unproven_trunk

    @contextmanager
    def reading(self, model: nn.Module, batch: Mapping[str, Any]) -> Iterator[None]:
        """Prepares the model for a batch; `loss` and the backward pass belong inside.

        Args:
            model: The model, or a distributed wrapper around it.
            batch: What `Collator` yields, on the model's device.
        """
        if self._can_pack(model, batch["layout"]) and not self._is_proven:
            self._prove(model, batch)
        if self._can_pack(model, batch["layout"]) and self._unproven_trunk is not None:
            self._prove_trunk(model, batch)
        if not self._can_pack(model, batch["layout"]):
            yield
            return
        with self._reader.packing(batch["layout"]):
            yield

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """Returns the weighted sum of the cross-entropies (nats) of a batch's supervised tokens."""
        layout: Layout = batch["layout"]
        if self._can_pack(model, layout):
            return (self._reader.losses(model, layout) * layout.weights).sum()
        return supervised_loss(model, batch)

    def skipped_layers(self, model: nn.Module, layout: Layout) -> int | None:
        """Returns how many layers at the bottom a batch does not run; None where its rows are read singly."""
        if not self._can_pack(model, layout):
            return None
        trunk = self._reader.trunk
        return trunk.depth if trunk is not None and trunk.holds(layout) else 0

    def keep_trunk(
        self,
        batches: Iterable[Mapping[str, Any]],
        folder: Path,
        *,
        tokens: int,
        autocast: torch.dtype | None = None,
        kept: torch.dtype | None = None,
        computed: Callable[[Layout], None] | None = None,
    ) -> None:
        """Computes what frozen layers at the bottom make of rows, to be read from disk from then on.

        Nothing is kept where no layer at the bottom is frozen, or where embeddings train below them.

        Args:
            batches: What `Collator` yields.
            folder: Of all trunks. Rows that another training of the same frozen layers left there are not
                computed again.
            tokens: Of all the rows.
            autocast: What training computes its products in; None is the weights' own type.
            kept: What the states are kept in; None is what they are computed in.
            computed: Is told of every batch that is computed, not of those that were there.
        """
        import torch

        from luthier.training.engine.trunk import NoTrunkError, Trunk, trunk_depth
        from luthier.training.engine.trunk_files import trunk_name

        def read(layout: Layout) -> None:
            if computed is not None:
                computed(layout)
            self._reader.read(layout)

        layers = self._reader.layers
        depth = trunk_depth(layers)
        if not depth or self._reader.learns_prompt or self._refusal:
            return
        name = trunk_name(self._reader.base, layers, depth, autocast=autocast, kept=kept)
        trunk = Trunk(folder / name, depth, kept)
        precision = torch.autocast(self._model.device.type, autocast, enabled=autocast is not None)
        try:
            with precision:
                trunk.fill(self._packable(batches), read, layers[depth], tokens)
        except NoTrunkError as error:
            trunk.close()
            _log.info("frozen layers are computed at every step: %s", error)
            return
        self._unproven_trunk = trunk

    def close(self) -> None:
        """Lets go of what `keep_trunk` opened, and makes every weight what it was."""
        self.frozen.restore()
        if self.trunk is not None:
            self.trunk.close()
        self._reader.trunk = self._unproven_trunk = None

    def _packable(self, batches: Iterable[Mapping[str, Any]]) -> Iterator[Layout]:
        """Layouts of the batches that can be packed; the first is read both ways before it is believed."""
        for batch in batches:
            moved = {name: value.to(self._model.device) for name, value in batch.items()}
            if self._can_pack(self._model, moved["layout"]) and not self._is_proven:
                self._prove(self._model, moved)
            if self._can_pack(self._model, moved["layout"]):
                yield moved["layout"]

    def _why_not(self) -> str:
        from torch import nn

        implementation = self._reader.base.config.get_text_config()._attn_implementation
        if implementation not in ("sdpa", "eager"):
            return f"the recipe asks for {implementation}"
        if any(isinstance(module, nn.Dropout) and module.p for module in self._model.modules()):
            return "activations are dropped at random, and rows would not draw their own"
        return ""

    def _can_pack(self, model: nn.Module, layout: Layout) -> bool:
        if self._refusal or (self._reader.learns_prompt and model is not self._model):
            return False
        return self._span is None or layout.longest + self._reader.virtual <= self._span

    def _prove(self, model: nn.Module, batch: Mapping[str, Any]) -> None:
        """Reads some rows of a batch both ways, in the precision of the weights."""
        with self.frozen.whole(), _exactly(model):
            self._refusal = self._objection(model, _some_rows(batch), None)
        self._is_proven = True
        if self._refusal:
            _log.warning("rows are read one by one: %s", self._refusal)

    def _prove_trunk(self, model: nn.Module, batch: Mapping[str, Any]) -> None:
        """The same with what was kept."""
        trunk = self._unproven_trunk
        assert trunk is not None
        with self.frozen.whole(), _exactly(model):
            objection = self._objection(model, _some_rows(batch), trunk)
        self._unproven_trunk = None
        if objection:
            trunk.discard()
            _log.warning("frozen layers are computed at every step: %s", objection)
        else:
            self._reader.trunk = trunk

    def _objection(self, model: nn.Module, batch: Mapping[str, Any], trunk: Trunk | None) -> str:
        """What is wrong with packed rows, against the losses of rows read one by one."""
        name, layout = type(self._reader.base).__name__, batch["layout"]
        plain = supervised_losses(model, batch)[layout.order]
        self._reader.trunk = trunk
        try:
            with self._reader.packing(layout):
                packed = self._reader.losses(model, layout)
        except Exception as error:  # whatever a family's own code raises at what it does not know
            if is_out_of_memory(error):
                raise
            return f"{name} cannot read packed rows ({error})"
        finally:
            self._reader.trunk = None
        size = next(self._reader.base.parameters()).element_size()
        tolerance = _TOLERANCE[min(4, size, 4 if trunk is None else trunk.exact_bytes)]
        off = ((packed - plain).abs() / plain.clamp(min=1)).max().item()
        return "" if off <= tolerance else f"{name} computes another loss (by {off:.2g}) on packed rows"


def _some_rows(batch: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first two rows of a batch, which are likely to share a beginning, its last and its longest one."""
    import torch

    every = batch["attention_mask"].sum(dim=1)
    few = {0, 1, len(every) - 1, int(every.argmax())}
    if len(every) <= len(few):
        return batch
    chosen = torch.tensor(sorted(few), device=every.device)
    lengths = every.index_select(0, chosen).tolist()
    names = ("input_ids", "attention_mask", "labels")
    some = {name: batch[name].index_select(0, chosen)[:, : max(lengths)] for name in names}
    ids, labels = (
        [row[:length] for row, length in zip(some[name].tolist(), lengths, strict=True)]
        for name in ("input_ids", "labels")
    )
    weight = batch["weight"].index_select(0, chosen)
    layout = lay_out(ids, labels, weight.tolist())
    return some | {"weight": weight, "layout": layout.to(chosen.device)}


@contextmanager
def _exactly(model: nn.Module) -> Iterator[None]:
    """Computes in the precision of the weights, without gradients and without drawing random numbers.

    Accelerate wraps autocast around the forward pass itself. A resumed run reads its first batch both ways
    too: it must not draw other numbers afterwards.
    """
    import torch

    inner: Any = getattr(model, "module", model)
    wrapped = vars(inner).get("forward") if "_original_forward" in vars(inner) else None
    if wrapped is not None:
        inner.forward = inner._original_forward
    device = next(inner.parameters()).device
    # 4-bit layers multiply in a type of their own.
    layers: list[Any] = [module for module in model.modules() if hasattr(module, "compute_dtype")]
    multiplying = {layer: layer.compute_dtype for layer in layers}
    for layer in layers:
        layer.compute_dtype = torch.float32
    try:
        with torch.no_grad(), kept_random_state(device), torch.autocast(device.type, enabled=False):
            yield
    finally:
        for layer, dtype in multiplying.items():
            layer.compute_dtype = dtype
        if wrapped is not None:
            inner.forward = wrapped
