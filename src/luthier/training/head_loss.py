"""Cross-entropy of an output layer without ever holding all the logits.

Eight rows of 512 tokens over 12,000 entries are 197 MB of float32 logits, and moving them through memory
would cost more than the products themselves. Here a few hundred positions at a time are projected, compared
and turned into gradients while they are in cache. A GPU wants larger products and has no such cache; there
the chunk is what keeps the logits below 256 MB.
"""

from typing import TYPE_CHECKING, Literal, NamedTuple

from luthier.training.softmax import turn_into_gradients

if TYPE_CHECKING:
    from torch import Tensor

_CHUNK = 256
_LOGITS_ON_GPU = 2**26
IGNORED = -100
"""The target of a position that predicts nothing."""


class HeadLoss(NamedTuple):
    """What `summed_cross_entropy` found."""

    losses: "Tensor"
    """Of each position in nats (0 where not counted), shape (positions,)."""

    by_hidden: "Tensor | None"
    """Gradient by the last hidden states, shape (positions, width), in their type."""

    by_weight: "Tensor | None"
    """Gradient by the output layer's matrix, shape (vocabulary, width), float32."""

    by_bias: "Tensor | None"
    """Gradient by its bias, shape (vocabulary,), float32."""


def summed_cross_entropy(
    hidden: "Tensor",
    weight: "Tensor",
    targets: "Tensor",
    *,
    bias: "Tensor | None" = None,
    scale: "float | Tensor" = 1.0,
    gradients: Literal["none", "hidden", "all"] = "all",
) -> HeadLoss:
    """Cross-entropy of `softmax(hidden @ weight.T + bias)` against `targets`, and its gradients.

    Args:
        hidden: last hidden states, shape (positions, width), in the type to multiply in.
        weight: the output layer, shape (vocabulary, width).
        targets: ids, shape (positions,); -100 is not counted.
        bias: of the output layer, shape (vocabulary,).
        scale: factor on the gradients, such as one over the number of counted positions of the whole step;
            or one for each position, shape (positions,).
        gradients: of the scaled losses' sum, by `hidden` alone or by the output layer too.

    Returns:
        Losses and the gradients that were asked for; the others are None.
    """
    import torch

    output = weight.to(hidden.dtype)
    losses = torch.zeros(len(hidden), device=hidden.device)
    scales = torch.as_tensor(scale, dtype=torch.float32, device=hidden.device).expand(len(hidden))
    by_hidden = None if gradients == "none" else torch.empty_like(hidden)
    by_weight = torch.zeros(weight.shape, device=hidden.device) if gradients == "all" else None
    by_bias = (
        torch.zeros(len(weight), device=hidden.device) if gradients == "all" and bias is not None else None
    )
    chunk = _CHUNK if hidden.device.type == "cpu" else max(_CHUNK, _LOGITS_ON_GPU // len(weight))
    for first in range(0, len(hidden), chunk):
        rows = slice(first, first + chunk)
        counted = targets[rows] != IGNORED
        wanted = targets[rows].clamp(min=0)
        scores = torch.nn.functional.linear(
            hidden[rows], output, None if bias is None else bias.to(output.dtype)
        )
        scores = scores.float()
        if by_hidden is None:
            losses[rows] = torch.nn.functional.cross_entropy(scores, wanted, reduction="none") * counted
            continue
        losses[rows] = turn_into_gradients(scores, wanted, counted * scales[rows]) * counted
        back = scores.to(hidden.dtype)
        by_hidden[rows] = back @ output
        if by_weight is not None:
            by_weight += (back.T @ hidden[rows]).float()
        if by_bias is not None:
            by_bias += scores.sum(dim=0)
    return HeadLoss(losses, by_hidden, by_weight, by_bias)
