"""The fastest matrix product that the machine makes: what a training's arithmetic is measured against."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_SIZES = (256, 512, 1024, 2048, 4096, 8192)
_SECONDS = 0.3
_TRIES = 3


def matrix_peak(device: torch.device, *, bfloat16: bool) -> float:
    """Returns the floating-point operations a second of the fastest of some square products.

    Larger and larger products are timed, each three times, until about 0.3 seconds are over. A process
    measures once for each precision. Nothing else should compute meanwhile: what takes the machine's time
    makes the peak too low.

    Args:
        device: That trains; on a CPU as many threads compute as torch is set to use.
        bfloat16: Whether training computes products in bfloat16, else in float32.
    """
    import torch

    return _measured(str(device), torch.bfloat16 if bfloat16 else torch.float32, torch.get_num_threads())


@cache
def _measured(device: str, dtype: torch.dtype, threads: int) -> float:  # noqa: ARG001 - part of the key
    import torch

    best, ends = 0.0, time.perf_counter() + _SECONDS
    # A generator of its own: what is drawn after the training must not depend on being measured.
    drawn = torch.Generator(device).manual_seed(0)
    for size in _SIZES:
        try:
            one, other = (torch.rand(size, size, device=device, generator=drawn).to(dtype) for _ in range(2))
            # The first builds what the library keeps for a shape.
            seconds = min([_seconds(one, other) for _ in range(_TRIES + 1)][1:])
        except torch.OutOfMemoryError:
            break
        best = max(best, 2 * size**3 / seconds)
        if time.perf_counter() + 8 * seconds * (_TRIES + 1) > ends:
            break
    return best


def _seconds(one: torch.Tensor, other: torch.Tensor) -> float:
    import torch

    _wait(one.device)
    started = time.perf_counter()
    with torch.no_grad(), torch.autocast(one.device.type, enabled=False):
        one @ other
    _wait(one.device)
    return time.perf_counter() - started


def _wait(device: torch.device) -> None:
    """Until the device has done what it was given; a CPU has."""
    import torch

    if device.type != "cpu":
        torch.accelerator.synchronize(device)
