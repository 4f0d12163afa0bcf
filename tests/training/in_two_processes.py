"""Trains a tiny model in each process of a group and saves the weights of the first. Run by torchrun."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tests.models import tiny
from tests.training.rows import rows

from luthier.methods import Freeze, Full, Lora, Trainable
from luthier.training import TrainingOptions, head, train

METHODS = {"full": Full(), "freeze": Freeze(trainable=Trainable(last=1)), "lora": Lora(rank=2)}


def main(folder: Path, method: str, most_logits: int = head._LIMIT, **size: Any) -> None:
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
    import torch.distributed as group

    if not group.is_initialized() or group.get_rank() == 0:
        named = {name: value.detach().clone() for name, value in model.named_parameters()}
        save_file(named, folder / "weights.safetensors", metadata={"steps": str(result.steps)})
    if group.is_initialized():
        group.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], **json.loads(sys.argv[3]))
