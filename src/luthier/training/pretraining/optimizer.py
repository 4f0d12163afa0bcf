"""Muon or AdamW for the matrices, AdamW for embeddings and vectors, and their common schedule."""

import math
from typing import TYPE_CHECKING, Any, Literal

from luthier.models import embedded_models
from luthier.training.arguments import PRETRAINED_WITH
from luthier.training.pretraining.options import Optimisation

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from transformers import PreTrainedModel

_MUON = 0.02
_MUON_VECTORS = 0.004
_DECAY = {"muon": 0.02, "adamw": 0.1}
_CONTINUED = 0.2
"""Share of the peak rates from scratch at which a trained model goes on."""


def build_optimizers(
    model: "PreTrainedModel", options: Optimisation, *, base: str | None = None, bf16: bool = False
) -> "list[Optimizer]":
    """One optimizer for the matrices, and AdamW over embeddings, output layer, norms and biases.

    The model's config notes which, for fine-tuning to go on with. Each parameter group keeps its peak rate
    under `peak`, which `set_rates` scales.

    Args:
        model: on its device.
        options: which optimizer, and its rates.
        base: name of the model that is continued, which decides what is `auto`; None: a new one.
        bf16: whether Muon orthogonalises in bfloat16.
    """
    import torch

    from luthier.training.muon import Muon, hidden_matrices

    name = choose_optimizer(options, base)
    setattr(model.config, PRETRAINED_WITH, name)
    matrix_rate, vector_rate = peak_rates(options, name, model.num_parameters(), continued=base is not None)
    parameters = [weight for weight in model.parameters() if weight.requires_grad]
    matrices = hidden_matrices(model)
    chosen = {id(weight) for weight in matrices}
    others = [weight for weight in parameters if id(weight) not in chosen]
    on_gpu = parameters[0].device.type == "cuda"
    decay = _DECAY[name] if options.weight_decay == "auto" else options.weight_decay
    adamw: dict[str, Any] = {
        "betas": (0.9, 0.95),
        "eps": 1e-10,
        **({"fused": True} if on_gpu else {"foreach": False}),
    }
    first: Optimizer
    if name == "muon":
        dtype = torch.bfloat16 if bf16 else torch.float32
        first = Muon(matrices, lr=matrix_rate, weight_decay=decay, dtype=dtype)
    else:
        first = torch.optim.AdamW(matrices, lr=matrix_rate, weight_decay=decay, **adamw)
    optimizers: list[Optimizer] = [
        first,
        torch.optim.AdamW(others, lr=vector_rate, weight_decay=0.0, **adamw),
    ]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
    return optimizers


def choose_optimizer(options: Optimisation, base: str | None) -> Literal["muon", "adamw"]:
    """The matrices' optimizer; where it is `auto`, what the base was trained with, or Muon."""
    if options.optimizer != "auto":
        return options.optimizer
    return "muon" if base is None or base in embedded_models() else "adamw"


def peak_rates(
    options: Optimisation, optimizer: Literal["muon", "adamw"], parameters: int, *, continued: bool
) -> tuple[float, float]:
    """The peak rates of matrices and of vectors, those that are `auto` filled in.

    Muon's do not depend on a model's size. AdamW's is `0.003239 - 0.0001395 ln(parameters)`, Kaplan et al.,
    "Scaling Laws for Neural Language Models" (2020), appendix D.6, and 0.00006 at least.
    """
    adamw = max(6e-5, 0.003239 - 0.0001395 * math.log(parameters))
    usual = (_MUON, _MUON_VECTORS) if optimizer == "muon" else (adamw, adamw)
    factor = _CONTINUED if continued else 1.0
    matrix, vector = (rate * factor for rate in usual)
    return (
        matrix if options.matrix_rate == "auto" else options.matrix_rate,
        vector if options.vector_rate == "auto" else options.vector_rate,
    )


def rate_factor(step: int, steps: float, warmup: int, decay: float, *, time_left: float = 1.0) -> float:
    """Share of the peak rate at `step` (0-based): linear warm-up, constant, linear decay to zero.

    The decay takes the last `decay` (a share) of `steps`, or of the time that may be spent, whichever ends
    first. While the rate is constant it does not depend on `steps`, so a run can be lengthened until it
    begins to decay.

    Args:
        step: steps done.
        steps: steps in all; infinite where only the time is limited.
        warmup: steps of warm-up.
        decay: 0 to 1.
        time_left: share of the time that is left, 0 to 1.
    """
    rising = (step + 1) / warmup if step < warmup else 1.0
    if decay == 0:
        return min(rising, 1.0)
    steps_left = 1.0 if math.isinf(steps) else (steps - step) / steps
    return max(0.0, min(rising, steps_left / decay, time_left / decay, 1.0))


def set_rates(optimizers: "list[Optimizer]", factor: float) -> dict[str, float]:
    """Set every group's learning rate to `factor` times its peak; returns those of matrices and vectors."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = factor * group["peak"]
    matrices, vectors = optimizers
    return {"matrices": matrices.param_groups[0]["lr"], "vectors": vectors.param_groups[0]["lr"]}
