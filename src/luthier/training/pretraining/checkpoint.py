"""The state of a run between two steps, whole on disk or not there."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

_FILE = "checkpoint.pt"


def save_checkpoint(folder: Path, model: "nn.Module", optimizers: "list[Optimizer]", **progress: Any) -> None:
    """Replace the run's checkpoint; a process killed at any moment leaves the old one or the new one.

    Args:
        folder: the run's folder.
        model: weights to keep.
        optimizers: moments to keep.
        progress: where the run stands (numbers and lists).
    """
    import torch

    state = {
        "model": model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        "generator": torch.get_rng_state(),
        "progress": progress,
    }
    written = folder / f"{_FILE}.new"
    with written.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    written.replace(folder / _FILE)


def load_checkpoint(folder: Path, model: "nn.Module", optimizers: "list[Optimizer]") -> dict[str, Any] | None:
    """Restore the run's checkpoint in place; its progress, or None where there is none."""
    import torch

    path = folder / _FILE
    if not path.exists():
        return None
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(saved)
    torch.set_rng_state(state["generator"])
    progress: dict[str, Any] = state["progress"]
    return progress
