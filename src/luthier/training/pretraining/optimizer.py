"""Muon for the matrices, AdamW for embeddings and norms, and their common schedule."""

from typing import TYPE_CHECKING

from luthier.training.pretraining.options import Optimisation

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer


def build_optimizers(model: "nn.Module", options: Optimisation) -> "list[Optimizer]":
    """Muon over every matrix but the embedding, AdamW over the rest.

    Each parameter group keeps its peak rate under `peak`, which `set_rates` scales.
    """
    import torch

    embeddings = {id(module.weight) for module in model.modules() if isinstance(module, torch.nn.Embedding)}
    parameters = list(model.parameters())
    matrices = [weight for weight in parameters if weight.ndim == 2 and id(weight) not in embeddings]
    chosen = {id(weight) for weight in matrices}
    others = [weight for weight in parameters if id(weight) not in chosen]
    optimizers: list[Optimizer] = [
        torch.optim.Muon(matrices, lr=options.matrix_rate, momentum=0.95, weight_decay=options.weight_decay),
        torch.optim.AdamW(
            others, lr=options.vector_rate, betas=(0.9, 0.95), eps=1e-10, weight_decay=0.0, foreach=False
        ),
    ]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
    return optimizers


def rate_factor(step: int, steps: int, warmup: int, decay: float) -> float:
    """Share of the peak rate at `step` (0-based): linear warm-up, constant, linear decay to zero.

    The decay takes the last `decay` (a share) of `steps`. While the rate is constant it does not depend on
    `steps`, so a run can be lengthened until it begins to decay.
    """
    rising = (step + 1) / warmup if step < warmup else 1.0
    falling = (steps - step) / (decay * steps) if decay > 0 else 1.0
    return max(0.0, min(rising, falling, 1.0))


def set_rates(optimizers: "list[Optimizer]", factor: float) -> None:
    """Set every group's learning rate to `factor` times its peak."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = factor * group["peak"]
