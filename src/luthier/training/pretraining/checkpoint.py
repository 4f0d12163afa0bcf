"""The state of a run between two steps, whole on disk or not there."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import UserError
from luthier.training.hardware import random_state, restore_random_state

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

    device = next(model.parameters()).device
    state = {
        "model": model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        "generators": random_state(device),
        "progress": progress,
    }
    written = folder / f"{_FILE}.new"
    with written.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    written.replace(folder / _FILE)


def load_checkpoint(folder: Path, model: "nn.Module", optimizers: "list[Optimizer]") -> dict[str, Any] | None:
    """Restore the run's checkpoint in place, whatever device wrote it; its progress, or None without one.

    Raises:
        UserError: Where the checkpoint does not fit the model or the optimizers.
    """
    import torch

    path = folder / _FILE
    if not path.exists():
        return None
    # Each weight and moment goes back to the device that its parameter is on; generators live on the CPU.
    state = torch.load(path, weights_only=True, map_location="cpu")
    try:
        model.load_state_dict(state["model"])
        for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
    except (RuntimeError, ValueError, KeyError) as error:
        raise UserError(
            f"the checkpoint in {folder} is of another model or optimizer",
            "give another output folder, or the recipe that it was begun with",
        ) from error
    restore_random_state(state["generators"], next(model.parameters()).device)
    progress: dict[str, Any] = state["progress"]
    return progress
