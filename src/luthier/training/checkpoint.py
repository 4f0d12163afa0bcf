"""A checkpoint's weights: those that move, and nothing else.

The base weights of an adapter never change, and PEFT's own format keeps only the result of a prefix's
projection, from which training could not go on. So a checkpoint holds the trainable parameters as they are,
for every method.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from luthier.errors import LuthierError
from luthier.files import write_json

if TYPE_CHECKING:
    from torch import nn

WEIGHTS = "trainable.safetensors"
PIECES = "pieces.json"
_STATE = "trainer_state.json"


def save_trainable(model: nn.Module, folder: Path) -> None:
    """Writes the parameters that move; a tied one under its first name."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    moving = {name: p.detach().cpu().contiguous() for name, p in model.named_parameters() if p.requires_grad}
    save_file(moving, folder / WEIGHTS)


def load_trainable(model: nn.Module, folder: Path) -> None:
    """Reads back, in place, what `save_trainable` wrote.

    Raises:
        LuthierError: Where other parameters move now than when it was written.
    """
    import torch
    from safetensors.torch import load_file

    saved = load_file(folder / WEIGHTS)
    moving = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    if saved.keys() != moving.keys() or any(saved[n].shape != p.shape for n, p in moving.items()):
        raise LuthierError(
            f"the checkpoint {folder} is of another model or method", "start again without --resume"
        )
    with torch.no_grad():
        for name, parameter in moving.items():
            parameter.copy_(saved[name])


def save_pieces(count: int, folder: Path) -> None:
    """Writes in how many pieces a step is read: rounding follows from it, and free memory changes."""
    write_json(folder / PIECES, count)


def load_pieces(folder: Path) -> int:
    """Reads back what `save_pieces` wrote."""
    return int(json.loads((folder / PIECES).read_text(encoding="utf-8")))


def checkpoints(folder: Path) -> list[Path]:
    """Returns the complete checkpoints below a folder, oldest first; half-written ones are left out."""
    found = [path for path in folder.glob("checkpoint-*") if _is_complete(path)]
    return sorted(found, key=lambda path: int(path.name.rpartition("-")[2]))


def _is_complete(path: Path) -> bool:
    # The Trainer writes its state last.
    try:
        json.loads((path / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return (path / WEIGHTS).exists() and (path / PIECES).exists()


def remove_checkpoints(folder: Path) -> None:
    """Removes every checkpoint below a folder, so that none of an older run is taken for this one's."""
    for path in folder.glob("checkpoint-*"):
        shutil.rmtree(path)
