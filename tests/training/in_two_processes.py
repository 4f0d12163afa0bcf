"""Trains tiny models, one after the other, in each process of a group and saves the weights of the first.

Run by torchrun with a folder and, as JSON, a list of what `train_one` takes; each has a folder of its number.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
import torch.distributed as group
from safetensors.torch import save_file
from tests.models import tiny
from tests.training.rows import rows

from luthier.methods import Freeze, Full, Lora, Trainable
from luthier.training import TrainingOptions, head, train

METHODS = {"full": Full(), "freeze": Freeze(trainable=Trainable(last=1)), "lora": Lora(rank=2)}


def train_one(folder: Path, method: str, most_logits: int = head._LIMIT, **size: Any) -> None:
    head._LIMIT = most_logits
    torch.manual_seed(0)
    model = METHODS[method].apply(tiny.model("llama"))
    options = TrainingOptions(epochs=2, warmup=0.5, precision="float32", **size)
    result = train(
        model,
        tiny.byte_level(),
        rows(18),
        rows(6, seed=1),
        options=options,
        learning_rate=1e-2,
        output_dir=folder / "checkpoints",
        seed=3,
    )
    if not group.is_initialized() or group.get_rank() == 0:
        named = {name: value.detach().clone() for name, value in model.named_parameters()}
        save_file(named, folder / "weights.safetensors", metadata={"steps": str(result.steps)})


def main(folder: Path, cases: list[dict[str, Any]]) -> None:
    for number, case in enumerate(cases):
        train_one(folder / str(number), **case)
    group.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
