"""A causal model that reads packed rows document by document, whatever its family.

Three ways of computing are open to some families only, so the model itself is asked, in numbers, before the
first step: whether it takes positions and a mask for several documents in a row (else each document is read
by itself, in padded batches), whether its logits are the plain product of last hidden states and output
layer (else they are taken from its own forward pass), and whether it is causal at all.

The mask is a dense boolean one; its size grows with the square of the row's length.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from luthier.errors import UserError
from luthier.training.head_loss import IGNORED, summed_cross_entropy
from luthier.training.pretraining.attention import NAME, written_out
from luthier.training.pretraining.packing import document_layout

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

_TOLERANCE = 1e-3
"""Of a position's vector, relative to its norm: a hundred times what float32 rounds off."""
_PROBED_LOGITS = 32


class Network:
    """Forward and backward passes of a model over packed rows."""

    def __init__(
        self, model: "PreTrainedModel", opens: int, *, bf16: bool = False, compiled: bool = False
    ) -> None:
        """Wrap a model that takes masks and has a plain output layer, as Llama; others need `probe`.

        Args:
            model: on its device, in float32.
            opens: the id that opens a document.
            bf16: multiply in bfloat16.
            compiled: run training passes through `torch.compile`.
        """
        import torch

        self.model = model
        self.takes_masks = True
        self.has_plain_head = True
        self.bf16 = bf16
        self._opens = opens
        self._body: Callable[..., Any] = model.get_decoder()
        self._training_body = torch.compile(self._body) if compiled else self._body

    def probe(self, row: "Tensor") -> None:
        """Find the fastest way of reading rows that is exact for this model.

        Args:
            row: ids of a row as long as those to come, shape (length,).

        Raises:
            UserError: Where the model sees later tokens.
        """
        import torch

        was_training, bf16, self.bf16 = self.model.training, self.bf16, False
        self.model.eval()
        cut = max(1, len(row) // 8)
        tokens = row.clone()[None]
        tokens[0, cut] = self._opens
        self.has_plain_head = True
        with torch.inference_mode():
            alone = self._apart(tokens)
            self._check_causal(tokens, alone)
            try:
                self.takes_masks = _alike(self._packed(tokens), alone)
            except (TypeError, ValueError, RuntimeError, AttributeError, IndexError):
                # A forward pass without `position_ids`, or one that only knows masks of two axes.
                self.takes_masks = False
            product = alone[:, :_PROBED_LOGITS] @ self._output_weight().T
            logits = self.model(input_ids=tokens[:, : min(cut, _PROBED_LOGITS)], use_cache=False).logits
            self.has_plain_head = _alike(product[:, : logits.shape[1]], logits)
        self.model.train(was_training)
        self.bf16 = bf16

    def losses(self, tokens: "Tensor", targets: "Tensor") -> "Tensor":
        """Cross-entropy in nats at each position (0 where the target is -100), shape (rows * length,)."""
        import torch

        with torch.inference_mode():
            states = self.states(tokens).flatten(0, 1)
            if not self.has_plain_head:
                return _cross_entropies(states, targets.flatten())
            weight = self._output_weight()
            return summed_cross_entropy(states, weight, targets.flatten(), gradients="none").losses

    def backward(self, tokens: "Tensor", targets: "Tensor", scale: float) -> "Tensor":
        """Add the gradients of `scale` times the summed cross-entropy to the weights; returns that loss."""
        # Activations that were not kept are computed again in the backward pass, and in the same way.
        with written_out(self.model) if self.takes_masks else nullcontext():
            return self._backward(tokens, targets, scale)

    def _backward(self, tokens: "Tensor", targets: "Tensor", scale: float) -> "Tensor":
        import torch

        states = self.states(tokens)
        if not self.has_plain_head:
            loss = _cross_entropies(states.flatten(0, 1), targets.flatten()).sum() * scale
            torch.autograd.backward(loss)
            return loss.detach()
        weight = self._output_weight()
        found = summed_cross_entropy(
            states.detach().flatten(0, 1), weight.detach(), targets.flatten(), scale=scale
        )
        assert found.by_hidden is not None
        torch.autograd.backward([states, weight], [found.by_hidden.view_as(states), found.by_weight])
        return found.losses.sum() * scale

    def states(self, tokens: "Tensor") -> "Tensor":
        """What the loss is computed from, each document by itself.

        Returns:
            Last hidden states, shape (rows, length, width), in bfloat16 where that multiplies; without a
            plain output layer the logits, shape (rows, length, vocabulary).
        """
        return self._packed(tokens) if self.takes_masks else self._apart(tokens)

    def _packed(self, tokens: "Tensor") -> "Tensor":
        """All documents of a row at once, kept apart by positions and mask."""
        import torch

        positions, mask = document_layout(tokens, self._opens)
        if getattr(self.model.config, "_attn_implementation", "sdpa") not in ("sdpa", NAME):
            # Eager attention adds the mask to its scores.
            mask = torch.zeros(mask.shape, device=mask.device).masked_fill(~mask, torch.finfo().min)
        with written_out(self.model):
            return self._run(tokens, position_ids=positions, attention_mask=mask)

    def _apart(self, tokens: "Tensor") -> "Tensor":
        """Each document in a row of its own; those of similar length share a padded batch.

        Padding stands behind a document, where a causal model does not see it.
        """
        import torch

        flat = tokens.flatten()
        opening = tokens == self._opens
        opening[:, 0] = True
        begins = opening.flatten().nonzero()[:, 0]
        lengths = torch.diff(begins, append=begins.new_tensor([len(flat)]))
        parts, places = [], []
        for power in range(int(lengths.max() - 1).bit_length() + 1):
            longest = 2**power
            chosen = (lengths <= longest) & (lengths > longest // 2)
            if not chosen.any():
                continue
            offsets = torch.arange(int(lengths[chosen].max()), device=flat.device)
            place = begins[chosen][:, None] + offsets
            inside = offsets < lengths[chosen][:, None]
            ids = torch.where(inside, flat[place.clamp(max=len(flat) - 1)], self._opens)
            parts.append(self._run(ids)[inside])
            places.append(place[inside])
        order = torch.cat(places).argsort()
        return torch.cat(parts)[order].view(*tokens.shape, -1)

    def _run(self, ids: "Tensor", **layout: "Tensor") -> "Tensor":
        import torch

        with torch.autocast(ids.device.type, torch.bfloat16, enabled=self.bf16):
            if not self.has_plain_head:
                logits: Tensor = self.model(input_ids=ids, use_cache=False, **layout).logits
                return logits
            # Documents by themselves have another shape each time, which would be compiled each time.
            compiled = self.model.training and self.takes_masks
            body = self._training_body if compiled else self._body
            hidden: Tensor = body(input_ids=ids, use_cache=False, **layout).last_hidden_state
        return hidden.to(torch.bfloat16) if self.bf16 else hidden

    def _output_weight(self) -> "Tensor":
        weight: Tensor = self.model.get_output_embeddings().weight
        return weight

    def _check_causal(self, tokens: "Tensor", states: "Tensor") -> None:
        changed = tokens.clone()
        # Two ids that open no document, or the last position would be one by itself.
        other = [number for number in range(3) if number != self._opens]
        changed[0, -1] = other[int(changed[0, -1] == other[0])]
        if not _alike(self._apart(changed)[:, :-1], states[:, :-1]):
            raise UserError(
                f"{type(self.model).__name__} sees the tokens that it is to predict",
                "give `from` a causal language model",
            )


def _alike(some: "Tensor", others: "Tensor") -> bool:
    difference = (some.float() - others.float()).norm(dim=-1)
    return bool((difference <= _TOLERANCE * others.float().norm(dim=-1)).all())


def _cross_entropies(logits: "Tensor", targets: "Tensor") -> "Tensor":
    from torch.nn.functional import cross_entropy

    return cross_entropy(logits.float(), targets, ignore_index=IGNORED, reduction="none")
