"""Trains in child processes that are killed at random moments and resumed; says where the weights differ.

A process of its own forks them, before anything is computed in it: importing is done once, not forty times.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import save_file
from tests.models import tiny
from tests.training.rows import rows
from transformers import Trainer

from luthier.methods import Freeze, Full, Lora, PTuningV2, Trainable
from luthier.training import TrainingOptions, train
from luthier.training.trainer import LuthierTrainer

assert issubclass(LuthierTrainer, Trainer)  # imported before the forks, with what it imports late

METHODS = {
    "full": Full(),
    "freeze": Freeze(trainable=Trainable(last=1)),
    "lora": Lora(rank=2, dropout=0.1),
    "p-tuning": PTuningV2(prompt_length=3),
}
OPTIONS = TrainingOptions(epochs=2, batch_size=4, evaluate_every=2, precision="float32")


def trained(folder: Path, method: str) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = METHODS[method].apply(tiny.model("llama"))
    train(
        model,
        tiny.byte_level(),
        rows(18),
        rows(6, seed=1),
        options=OPTIONS,
        learning_rate=5e-3,
        output_dir=folder,
        resume=True,
    )
    moving = {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}
    save_file(moving, folder / "ended.safetensors")


def in_child(folder: Path, method: str, kill_after: float | None = None) -> bool:
    """Trains; returns whether the child came to its end."""
    child = os.fork()
    if not child:
        try:
            trained(folder, method)
        except BaseException as error:
            os.write(2, repr(error).encode())
            os._exit(1)
        os._exit(0)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def main(folder: Path, points: int) -> None:
    draw = random.Random(0)
    for method in METHODS:
        straight = folder / method
        started = time.monotonic()
        assert in_child(straight, method)
        took = time.monotonic() - started
        wanted = (straight / "ended.safetensors").read_bytes()
        for point in range(points // len(METHODS)):
            one, after = folder / f"{method}-{point}", draw.uniform(0, took)
            killed = not in_child(one, method, after)
            assert in_child(one, method)
            same = (one / "ended.safetensors").read_bytes() == wanted
            found = [method, "killed" if killed else "ended", "same" if same else "other"]
            sys.stdout.write(" ".join(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
