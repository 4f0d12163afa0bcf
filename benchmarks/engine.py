"""Training speed and memory against other trainers: same weights, token ids, loss masks, batches and steps.

    make bench-setup                                  # once: each peer in an environment of its own
    .venv-bench/bin/python benchmarks/engine.py run [--sides luthier trl swift] [--cases full-150-float32 ...]
                                                    [--rounds 3] [--threads 2]
    .venv-bench/bin/python benchmarks/engine.py table
    .venv-bench/bin/python benchmarks/engine.py check --cases full-0-float32    # three steps, losses only

Where there is a GPU, `run` takes a model in the shape of Qwen2.5-0.5B, in bfloat16.

Every round runs the sides one after the other, each in a process of its own. A side whose losses differ from
Luthier's by more than 1e-4 (float32) is void and the table says so. The peers, and how each is set: peers.py.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from peers import PEERS, SIDES, Timer, Training

RECORDS = Path(__file__).parent / "engine.json"
SAMPLES, BATCH = 192, 16
VOCABULARY = 16000
"""Ids that rows are drawn from."""

_SMALL: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 384,
    "intermediate_size": 1024,
    "num_hidden_layers": 8,
    "num_attention_heads": 6,
    "num_key_value_heads": 6,
    "max_position_embeddings": 2048,
    "tie_word_embeddings": True,
    "eos_token_id": 0,
    "pad_token_id": 0,
    "bos_token_id": None,
}
SHAPES = {
    "18.7M": _SMALL,
    # That of Qwen2.5-0.5B, for a GPU.
    "0.5B": _SMALL
    | {
        "vocab_size": 151936,
        "hidden_size": 896,
        "intermediate_size": 4864,
        "num_hidden_layers": 24,
        "num_attention_heads": 14,
        "num_key_value_heads": 2,
    },
}
METHODS = ("full", "lora", "freeze", "folds", "rates")
"""`folds` is `freeze` over 25 passes, as 5 folds of 5 epochs make; `rates` is LoRA in the last 2 layers with
8 learning rates, one training each on the same frozen layers."""

KEEPING = ("freeze", "folds", "rates")
"""Methods that freeze layers at the bottom, whose outputs Luthier keeps."""

PREFIXES = (0, 150, 400)
EPOCHS = {"freeze": (5, 5), "folds": (25, 2)}
"""Luthier's and a peer's: one epoch but where frozen layers are kept; computing them counts as training time.
A peer's speed is the same in every epoch."""
TRAININGS = {"rates": (8, 1)}
"""Luthier's and a peer's."""
RATE = 1e-4
APART = 1e-4
"""How far float32 losses may be apart."""

PRECISIONS = ("float32", "bfloat16")
CASES = ["-".join(map(str, case)) for case in itertools.product(METHODS, PREFIXES, PRECISIONS)]
ON_GPU = [f"{case}-0.5B" for case in CASES if case.endswith("bfloat16")]


def samples(prefix: int, count: int = SAMPLES) -> list[dict[str, Any]]:
    """Rows of a shared instruction, 20 to 90 tokens of input and 10 to 30 of answer, in training order."""
    from luthier.training.sampler import BatchesByRows

    draw = random.Random(0)

    def tokens(count: int) -> list[int]:
        return [draw.randrange(1, VOCABULARY) for _ in range(count)]

    instruction, rows = tokens(prefix), []
    for number in range(count):
        prompt, answer = instruction + tokens(draw.randint(20, 90)), tokens(draw.randint(10, 30))
        rows.append(
            {
                "id": str(number),
                "input_ids": prompt + answer,
                "labels": [-100] * len(prompt) + answer,
                "completion_mask": [0] * len(prompt) + [1] * len(answer),
                "weight": 1.0,
                "length": len(prompt) + len(answer),
                "supervised": len(answer),
            }
        )
    batches = BatchesByRows([row["length"] for row in rows], BATCH, seed=0)
    return [rows[number] for batch in batches for number in batch]


def model(shape: str) -> Any:
    """The model before training, the same weights on every side."""
    import torch
    from transformers import AutoModelForCausalLM, Qwen2Config

    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(Qwen2Config(**SHAPES[shape])).float()


def adapt(method: str, network: Any) -> Any:
    """Puts the method on the model, the same initial adapter on every side."""
    import torch

    from luthier.methods import Freeze, Full, Lora, Trainable

    methods = {
        "full": Full(),
        "lora": Lora(rank=8),
        "freeze": Freeze(trainable=Trainable(last=2), head=False),
        "folds": Freeze(trainable=Trainable(last=2), head=False),
        "rates": Lora(rank=8, last=2),
    }
    torch.manual_seed(0)
    return methods[method].apply(network)


def measure(side: str, case: str, count: int = SAMPLES) -> dict[str, Any]:
    """Trains one side of a case in this process."""
    from luthier.training.memory import peak_memory

    method, prefix, precision, shape = (*case.split("-"), "18.7M")[:4]
    peer = int(side != "luthier")
    done, seconds, losses = 0, 0.0, []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(TRAININGS.get(method, (1, 1))[peer]):
            chosen = arguments(precision == "bfloat16", EPOCHS.get(method, (1, 1))[peer], folder)
            training = Training(
                network=model(shape),
                adapt=partial(adapt, method),
                rows=samples(int(prefix), count),
                arguments=chosen | {"learning_rate": RATE * 2**number},
                keeps_layers=method in KEEPING,
                timer=Timer(),
            )
            losses.append(SIDES[side].train(training))
            timer = training.timer
            # The first step allocates, and ours reads its batch twice.
            seconds += timer.ends[-1] - timer.ends[0] + timer.before
            done += (len(timer.ends) - 1) * BATCH
    return {
        "samples_per_second": done / seconds,
        "losses": losses[0],
        "peak_memory_bytes": peak_memory(),
    }


def arguments(bf16: bool, epochs: int, folder: str) -> dict[str, Any]:
    """Fields of `transformers.TrainingArguments`, the same on every side."""
    import torch

    return {
        "output_dir": folder,
        "num_train_epochs": epochs,
        "per_device_train_batch_size": BATCH,
        "lr_scheduler_type": "constant",
        "optim": "adamw_torch_fused",
        "weight_decay": 0.0,
        "bf16": bf16,
        "use_cpu": not torch.cuda.is_available(),
        "logging_strategy": "steps",
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "remove_unused_columns": False,
        "dataloader_pin_memory": False,
        "log_level": "error",
    }


def run(sides: list[str], cases: list[str], rounds: int, threads: int) -> None:
    """Runs the sides of every case in turn; writes benchmarks/engine.json after each case."""
    from luthier.experiment.manifest import hardware

    for case in cases:
        found: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
        for number in range(rounds):
            for side in sides if number % 2 else reversed(sides):
                found[side].append(_in_process(side, case, threads))
        record = summary(case, found) | {"rounds": rounds, "threads": threads, "hardware": dict(hardware())}
        _keep(case, record)
        print(json.dumps({case: record}), flush=True)


def _in_process(side: str, case: str, threads: int, count: int = SAMPLES) -> dict[str, Any]:
    command = [str(SIDES[side].python), __file__, "measure", side, case, "--samples", str(count)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:  # an error raised by `check` would not say what the process wrote
        raise SystemExit(f"{side} failed on {case}:\n{done.stderr}")
    measured: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return measured


def check(sides: list[str], cases: list[str], threads: int) -> None:
    """Prints how far the peers' losses are from ours over three steps; measures and records nothing."""
    for case in cases:
        found = {side: [_in_process(side, case, threads, 3 * BATCH)] for side in sides}
        record = summary(case, found)
        print(json.dumps({case: {name: record[name] for name in ("losses_apart", "void")}}), flush=True)


def summary(case: str, found: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Medians; for each peer the ratio with its range over rounds, and how far its losses are from ours."""
    speeds = {side: [one["samples_per_second"] for one in runs] for side, runs in found.items()}
    record: dict[str, Any] = {
        "samples_per_second": {side: statistics.median(values) for side, values in speeds.items()},
        "memory_bytes": {side: min(one["peak_memory_bytes"] for one in runs) for side, runs in found.items()},
        "ratio": {},
        "losses_apart": {},
        "void": [],
    }
    for peer in found:
        if peer == "luthier":
            continue
        ratios = [ours / theirs for ours, theirs in zip(speeds["luthier"], speeds[peer], strict=True)]
        record["ratio"][peer] = [statistics.median(ratios), min(ratios), max(ratios)]
        # Where one side makes more passes, the steps that both make.
        losses = [found[side][0]["losses"] for side in ("luthier", peer)]
        # numpy's maximum, since Python's passes over a loss that is not a number.
        apart = float(np.max([abs(ours - theirs) for ours, theirs in zip(*losses, strict=False)]))
        record["losses_apart"][peer] = apart
        if "float32" in case and not apart <= APART:
            record["void"].append(peer)
    return record


def _keep(case: str, record: dict[str, Any]) -> None:
    kept = json.loads(RECORDS.read_text(encoding="utf-8")) if RECORDS.exists() else {}
    kept[case] = record
    RECORDS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def table() -> Iterator[str]:
    """Yields the records as Markdown, a table for each peer that has any."""
    kept = json.loads(RECORDS.read_text(encoding="utf-8"))
    between = False
    for peer in PEERS:
        cases = [case for case in CASES + ON_GPU if peer in kept.get(case, {}).get("ratio", {})]
        if not cases:
            continue
        if between:
            yield ""
        between = True
        columns = ["method", "instruction", "precision, size", "samples/s", f"{SIDES[peer].label}'s"]
        columns += ["ratio [range]", "memory", "losses apart"]
        yield "| " + " | ".join(columns) + " |"
        yield "|" + "---|" * len(columns)
        for case in cases:
            yield "| " + " | ".join(_cells(case, peer, kept[case])) + " |"


def _cells(case: str, peer: str, record: dict[str, Any]) -> list[str]:
    method, prefix, precision, *size = case.split("-")
    speed, memory, ratio = record["samples_per_second"], record["memory_bytes"], record["ratio"][peer]
    return [
        method,
        f"{prefix} tokens",
        ", ".join([precision, *size]),
        f"{speed['luthier']:.1f}",
        f"{speed[peer]:.2f}",
        "void" if peer in record["void"] else f"{ratio[0]:.1f} [{ratio[1]:.1f}, {ratio[2]:.1f}]",
        f"{memory['luthier'] / 2**20:.0f} of {memory[peer] / 2**20:.0f} MiB",
        f"{record['losses_apart'][peer]:.0e}",
    ]


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    running, checking = commands.add_parser("run"), commands.add_parser("check")
    for command in (running, checking):
        command.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
        command.add_argument("--cases", nargs="+", choices=CASES + ON_GPU)
        command.add_argument("--threads", type=int, default=2)
    running.add_argument("--rounds", type=int, default=3)
    one = commands.add_parser("measure")
    one.add_argument("--samples", type=int, default=SAMPLES)
    one.add_argument("side", choices=SIDES)
    one.add_argument("case", choices=CASES + ON_GPU)
    commands.add_parser("table")
    options = parser.parse_args()
    if options.command in ("run", "check"):
        sides, cases = _asked_for(parser, options)
        if options.command == "run":
            run(sides, cases, options.rounds, options.threads)
        else:
            check(sides, cases, options.threads)
    elif options.command == "measure":
        print(json.dumps(measure(options.side, options.case, options.samples)))
    else:
        print("\n".join(table()))


def _asked_for(parser: argparse.ArgumentParser, options: argparse.Namespace) -> tuple[list[str], list[str]]:
    import torch

    # In the table's order, whatever the order asked for: the rounds alternate it.
    sides = [side for side in SIDES if side in options.sides]
    if "luthier" not in sides or len(sides) == 1:
        parser.error("--sides needs luthier and one peer or more")
    absent = [side for side in sides if not SIDES[side].python.exists()]
    if absent:
        parser.error(f"no environment for {', '.join(absent)}: make bench-setup, or name other --sides")
    return sides, options.cases or (ON_GPU if torch.cuda.is_available() else CASES)


if __name__ == "__main__":
    main()
