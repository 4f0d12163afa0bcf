"""What the machine has: the device that trains, products in bfloat16, random generators."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from luthier.errors import UserError

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def best_device() -> torch.device:
    """Returns the first GPU (CUDA, then MPS), or the CPU where there is none."""
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def choose_bfloat16(wanted: bool | None, hint: str) -> bool:
    """Tells whether products are computed in bfloat16 here.

    Args:
        wanted: None leaves it to the hardware: a CPU without instructions for bfloat16 imitates it, which
            takes three to five times as long as float32.
        hint: What to do where a GPU lacks what is wanted.

    Raises:
        UserError: Where bfloat16 is wanted and the GPU lacks it.
    """
    import torch

    if wanted is False:
        return False
    if torch.cuda.is_available():
        able = bool(torch.cuda.is_bf16_supported(including_emulation=False))
        if wanted and not able:
            raise UserError("this GPU has no bfloat16", hint)
        return able
    return wanted or bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def as_multiplied(x: Tensor) -> Tensor:
    """Returns a tensor in the type that products have here: autocast's where that is on, else its own."""
    import torch

    return x.to(torch.get_autocast_dtype(x.device.type)) if torch.is_autocast_enabled(x.device.type) else x


def random_state(device: torch.device) -> dict[str, Tensor]:
    """Returns the state of torch's random generators: the CPU's, and the device's where that is another."""
    import torch

    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        state["mps"] = torch.mps.get_rng_state()
    return state


def restore_random_state(state: dict[str, Tensor], device: torch.device) -> None:
    """Sets the generators to what `random_state` returned; a device not in use then stays as it is."""
    import torch

    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
    elif device.type == "mps" and "mps" in state:
        torch.mps.set_rng_state(state["mps"])


@contextmanager
def kept_random_state(device: torch.device) -> Iterator[None]:
    """Makes the generators afterwards what they were before."""
    state = random_state(device)
    try:
        yield
    finally:
        restore_random_state(state, device)
