"""Cross-entropy of an output layer without ever holding all the logits.

Eight rows of 512 tokens over 12,000 entries are 197 MB of float32 logits, and moving them through memory
would cost more than the products themselves. Here a few hundred positions at a time are projected, compared
and turned into gradients while they are in cache, forward and backward at once. A GPU wants larger products
and has no such cache; there the chunk is what keeps the logits below 256 MB.
"""

from typing import TYPE_CHECKING

from luthier.training.softmax import turn_into_gradients

if TYPE_CHECKING:
    from torch import Tensor

_CHUNK = 256
_LOGITS_ON_GPU = 2**26
IGNORED = -100
"""The target of a position that predicts nothing."""


def summed_cross_entropy(
    hidden: "Tensor", weight: "Tensor", targets: "Tensor", *, scale: float = 1.0, gradients: bool = True
) -> "tuple[Tensor, Tensor | None, Tensor | None]":
    """Cross-entropy of `softmax(hidden @ weight.T)` against `targets`, and its gradients.

    Args:
        hidden: last hidden states, shape (positions, width), in the type to multiply in.
        weight: the output layer, shape (vocabulary, width).
        targets: ids, shape (positions,); -100 is not counted.
        scale: factor on the gradients, such as one over the number of counted positions of the whole step.
        gradients: whether to compute them.

    Returns:
        The loss of each position in nats (0 where not counted), shape (positions,); and `scale` times the
        gradients of their sum by `hidden` (its type) and by `weight` (float32), or None and None.
    """
    import torch

    output = weight.to(hidden.dtype)
    losses = torch.zeros(len(hidden), device=hidden.device)
    by_hidden = torch.empty_like(hidden) if gradients else None
    by_weight = torch.zeros(weight.shape, device=hidden.device) if gradients else None
    chunk = _CHUNK if hidden.device.type == "cpu" else max(_CHUNK, _LOGITS_ON_GPU // len(weight))
    for first in range(0, len(hidden), chunk):
        rows = slice(first, first + chunk)
        counted = targets[rows] != IGNORED
        wanted = targets[rows].clamp(min=0)
        scores = (hidden[rows] @ output.T).float()
        if by_hidden is None or by_weight is None:
            losses[rows] = torch.nn.functional.cross_entropy(scores, wanted, reduction="none") * counted
        else:
            losses[rows] = turn_into_gradients(scores, wanted, counted * scale) * counted
            back = scores.to(hidden.dtype)
            by_hidden[rows] = back @ output
            by_weight += (back.T @ hidden[rows]).float()
    return losses, by_hidden, by_weight
