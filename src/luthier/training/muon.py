"""Muon, many matrices at a time, and with AdamW for what is no matrix. Imported late, as torch is."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5
_AS_LARGE_AS_ADAMW = 0.2
_LARGEST_STACK = 2**26
"""Numbers in a stack of matrices: 256 MiB of float32, of which a step holds a few copies."""


class Muon(torch.optim.Optimizer):
    """`torch.optim.Muon` with matrices of one shape orthogonalised together, in a type that the hardware has.

    K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024). The library's takes
    each matrix by itself, on a GPU a few thousand kernels a step for eight small layers, and computes
    in bfloat16 on a CPU too, which takes three times as long as float32 where the CPU has to imitate it
    (704 x 256, one core).
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        *,
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        as_adamw: bool = False,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Take over matrices.

        Args:
            params: of two axes each.
            lr: learning rate, times the square root of rows by columns where a matrix is taller than wide.
            momentum: of the running mean of gradients (Nesterov's).
            weight_decay: decoupled, times the learning rate.
            as_adamw: make steps as large as AdamW's at the same rate, in the root of the mean square: `lr`
                times 0.2 times the root of the longer side (Liu et al., arXiv 2502.16982, section 2.2).
            dtype: what the iteration is computed in.
        """
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self._as_adamw = as_adamw
        self._dtype = dtype

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move every matrix that has a gradient."""
        assert closure is None
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for matrix in group["params"]:
                if matrix.grad is not None:
                    by_shape[matrix.shape].append(matrix)
            for shape, matrices in by_shape.items():
                many = max(1, _LARGEST_STACK // shape.numel())
                for first in range(0, len(matrices), many):
                    self._move(matrices[first : first + many], group)

    def _move(self, matrices: list[Tensor], group: dict[str, Any]) -> None:
        """Move matrices of one shape."""
        rows, columns = matrices[0].shape
        directions = orthogonalised(torch.stack([self._direction(m, group["momentum"]) for m in matrices]))
        if self._as_adamw:
            rate = group["lr"] * _AS_LARGE_AS_ADAMW * math.sqrt(max(rows, columns))
        else:
            rate = group["lr"] * math.sqrt(max(1.0, rows / columns))
        for matrix, direction in zip(matrices, directions, strict=True):
            matrix.mul_(1 - group["lr"] * group["weight_decay"])
            matrix.add_(direction.to(matrix.dtype), alpha=-rate)

    def _direction(self, matrix: Tensor, momentum: float) -> Tensor:
        """Nesterov's look ahead from the running mean of gradients."""
        assert matrix.grad is not None
        state = self.state[matrix]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(matrix.grad)
        state["momentum_buffer"].lerp_(matrix.grad, 1 - momentum)
        return matrix.grad.lerp(state["momentum_buffer"], momentum).to(self._dtype)


class MuonAndAdamW(torch.optim.Optimizer):
    """Muon for a model's matrices and AdamW for the rest, at one learning rate, as one optimizer.

    Args:
        matrices: what Muon moves.
        decayed: what AdamW moves, with weight decay.
        others: what AdamW moves, without.
        lr: learning rate of all of them.
        weight_decay: decoupled, times the learning rate.
        dtype: what Muon's iteration is computed in.
    """

    def __init__(
        self,
        matrices: Collection[Tensor],
        decayed: Collection[Tensor],
        others: Collection[Tensor],
        *,
        lr: float,
        weight_decay: float,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        by_decay = ((decayed, weight_decay), (others, 0.0))
        groups = [{"params": list(some), "weight_decay": decay} for some, decay in by_decay if some]
        parts: list[torch.optim.Optimizer] = []
        if matrices:
            parts.append(Muon(matrices, lr=lr, weight_decay=weight_decay, as_adamw=True, dtype=dtype))
        if groups:
            parts.append(torch.optim.AdamW(groups, lr=lr, fused=True))
        super().__init__([group for part in parts for group in part.param_groups], {})
        self._parts = parts

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move every parameter that has a gradient."""
        assert closure is None
        first = 0
        for part in self._parts:
            stop = first + len(part.param_groups)
            # A checkpoint that was loaded has put others in their place.
            part.param_groups, part.state = self.param_groups[first:stop], self.state
            part.step()
            first = stop


def muon_and_adamw(
    model: PreTrainedModel, decayed: Collection[str], *, lr: float, weight_decay: float, bf16: bool
) -> MuonAndAdamW:
    """Returns the optimizer of a model's trainable parameters.

    Args:
        model: some of whose matrices are trainable.
        decayed: names of the parameters that weight decay is for.
        lr: learning rate, as AdamW would take it.
        weight_decay: decoupled.
        bf16: whether Muon orthogonalises in bfloat16.
    """
    moving = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    matrices = [weight for weight in hidden_matrices(model) if weight.requires_grad]
    chosen = {id(weight) for weight in matrices}
    rest = {name: weight for name, weight in moving.items() if id(weight) not in chosen}
    return MuonAndAdamW(
        matrices,
        [weight for name, weight in rest.items() if name in decayed],
        [weight for name, weight in rest.items() if name not in decayed],
        lr=lr,
        weight_decay=weight_decay,
        dtype=torch.bfloat16 if bf16 else torch.float32,
    )


def hidden_matrices(model: PreTrainedModel) -> list[nn.Parameter]:
    """Returns weights of two axes, but embeddings and output layer: their rows are words, not directions."""
    words = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    words.add(id(model.get_output_embeddings().weight))
    return [weight for weight in model.parameters() if weight.ndim == 2 and id(weight) not in words]


def orthogonalised(matrices: Tensor) -> Tensor:
    """The nearly orthogonal matrices next to some, by five Newton-Schulz iterations.

    Args:
        matrices: shape (matrices, rows, columns), in the type to compute in.

    Returns:
        The same shape; singular values between about 0.7 and 1.2.
    """
    is_tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if is_tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    a, b, c = _COEFFICIENTS
    for _ in range(_ITERATIONS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if is_tall else x
