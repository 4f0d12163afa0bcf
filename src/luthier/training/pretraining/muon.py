"""Muon, many matrices at a time. Imported late, as torch is."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5
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
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Take over matrices.

        Args:
            params: of two axes each.
            lr: learning rate, times the square root of rows by columns where a matrix is taller than wide.
            momentum: of the running mean of gradients (Nesterov's).
            weight_decay: decoupled, times the learning rate.
            dtype: what the iteration is computed in.
        """
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
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
