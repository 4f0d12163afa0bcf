"""What every cross-entropy here is made of: scores of tokens, turned into losses and gradients in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def turn_into_gradients(scores: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Replaces scores by the gradients of their weighted cross-entropies: probability less one-hot.

    Args:
        scores: Float32, shape (tokens, words); overwritten.
        targets: Ids, shape (tokens,).
        weights: Factor on each token's gradient, float32, shape (tokens,).

    Returns:
        Each token's cross-entropy in nats, not weighted, shape (tokens,).
    """
    wanted = targets[:, None]
    scores -= scores.amax(dim=1, keepdim=True)
    of_target = scores.gather(1, wanted)[:, 0]
    mass = scores.exp_().sum(dim=1)
    scores *= (weights / mass)[:, None]
    scores.scatter_add_(1, wanted, -weights[:, None])
    return mass.log() - of_target
