"""Training speed and memory against TRL's SFTTrainer: same weights, token ids, masks, batches and steps.

    make bench-setup                                  # once: TRL in an environment of its own
    .venv-bench/bin/python benchmarks/engine.py run [--cases full-150-float32 ...] [--rounds 3] [--threads 2]
    .venv-bench/bin/python benchmarks/engine.py table

Where there is a GPU, `run` takes a model in the shape of Qwen2.5-0.5B, in bfloat16.

Every round runs Luthier and TRL one after the other, each in a process of its own. A case whose losses differ
by more than 1e-4 (float32) is void and says so. TRL gets batches of like length too, which is its best here:
packing without a kernel for it lets samples see each other, and its losses are then other losses.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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

PREFIXES = (0, 150, 400)
EPOCHS = {"freeze": {"luthier": 5, "trl": 5}, "folds": {"luthier": 25, "trl": 5}}
"""One epoch but where frozen layers are kept; computing them counts as training time. TRL's speed is the same
in every epoch."""
TRAININGS = {"rates": {"luthier": 8, "trl": 1}}
RATE = 1e-4
PRECISIONS = ("float32", "bfloat16")
CASES = ["-".join(map(str, case)) for case in itertools.product(METHODS, PREFIXES, PRECISIONS)]
ON_GPU = [f"{case}-0.5B" for case in CASES if case.endswith("bfloat16")]


def samples(prefix: int) -> list[dict[str, Any]]:
    """Rows of a shared instruction, 20 to 90 tokens of input and 10 to 30 of answer, in training order."""
    from luthier.training.sampler import BatchesByRows

    draw = random.Random(0)

    def tokens(count: int) -> list[int]:
        return [draw.randrange(1, VOCABULARY) for _ in range(count)]

    instruction, rows = tokens(prefix), []
    for number in range(SAMPLES):
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


def model(method: str, shape: str) -> Any:
    """The model with the method applied, the same weights on both sides."""
    import torch
    from transformers import AutoModelForCausalLM, Qwen2Config

    from luthier.methods import Freeze, Full, Lora, Trainable

    torch.manual_seed(0)
    base = AutoModelForCausalLM.from_config(Qwen2Config(**SHAPES[shape])).float()
    methods = {
        "full": Full(),
        "lora": Lora(rank=8),
        "freeze": Freeze(trainable=Trainable(last=2), head=False),
        "folds": Freeze(trainable=Trainable(last=2), head=False),
        "rates": Lora(rank=8, last=2),
    }
    torch.manual_seed(0)
    return methods[method].apply(base)


class Timer:
    """When each step ended, and the seconds of what was done before the first."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.before = 0.0

    def callback(self) -> Any:
        from transformers import TrainerCallback

        timer = self

        class Noted(TrainerCallback):
            def on_step_end(self, *_: Any, **__: Any) -> None:
                timer.ends.append(time.perf_counter())

        return Noted()


def measure(side: str, case: str) -> dict[str, Any]:
    """Trains one side of a case in this process."""
    from luthier.training.memory import peak_memory

    method, prefix, precision, shape = (*case.split("-"), "18.7M")[:4]
    train = {"luthier": _train_luthier, "trl": _train_trl}[side]
    done, seconds, losses = 0, 0.0, []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(TRAININGS.get(method, {}).get(side, 1)):
            timer = Timer()
            arguments = _arguments(precision == "bfloat16", EPOCHS.get(method, {}).get(side, 1), folder)
            arguments["learning_rate"] = RATE * 2**number
            losses += [train(model(method, shape), samples(int(prefix)), arguments, method, timer)]
            # The first step allocates, and ours reads its batch twice.
            seconds += timer.ends[-1] - timer.ends[0] + timer.before
            done += (len(timer.ends) - 1) * BATCH
    return {
        "samples_per_second": done / seconds,
        "losses": losses[0],
        "peak_memory_bytes": peak_memory(),
    }


def _arguments(bf16: bool, epochs: int, folder: str) -> dict[str, Any]:
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


def _train_luthier(
    network: Any, rows: list[dict[str, Any]], arguments: dict[str, Any], method: str, timer: Timer
) -> list[float]:
    from datasets import Dataset
    from transformers import PrinterCallback, TrainingArguments

    from luthier.training.batches import Collator
    from luthier.training.sampler import LengthGroupedBatches
    from luthier.training.trainer import LuthierTrainer

    class InOrder(LengthGroupedBatches):
        steps, rows = SAMPLES // BATCH, BATCH

        def _batches(self, _: Any) -> Iterator[list[int]]:
            for first in range(0, len(self._lengths), BATCH):
                yield list(range(first, min(first + BATCH, len(self._lengths))))

    trainer = LuthierTrainer(
        batches=InOrder([row["length"] for row in rows], 0, None, 1),
        model=network,
        args=TrainingArguments(**arguments),
        train_dataset=Dataset.from_list(rows),
        eval_dataset=[],
        data_collator=Collator(0, max(row["length"] for row in rows)),
        callbacks=[timer.callback()],
    )
    trainer.remove_callback(PrinterCallback)
    if arguments["bf16"]:
        trainer.forward.frozen.hold()
    if method in ("freeze", "folds", "rates"):
        started = time.perf_counter()
        trainer.keep_trunk(Path(arguments["output_dir"]) / "trunk")
        timer.before = time.perf_counter() - started
    trainer.train()
    assert trainer.forward.packs
    assert (trainer.forward.trunk is not None) == (method in ("freeze", "folds", "rates"))
    trainer.forward.close()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def _train_trl(
    network: Any, rows: list[dict[str, Any]], arguments: dict[str, Any], _: str, timer: Timer
) -> list[float]:
    from datasets import Dataset
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast, PrinterCallback
    from trl import SFTConfig, SFTTrainer

    class InOrder(SFTTrainer):  # type: ignore[misc]
        def _get_train_sampler(self, *_: Any, **__: Any) -> Any:
            return range(len(rows))

    words = Tokenizer(WordLevel({"<pad>": 0}, unk_token="<pad>"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<pad>")
    columns = [{name: row[name] for name in ("input_ids", "completion_mask")} for row in rows]
    trainer = InOrder(
        model=network,
        args=SFTConfig(
            **arguments,
            max_length=None,
            packing=False,
            completion_only_loss=True,
            gradient_checkpointing=False,
        ),
        train_dataset=Dataset.from_list(columns),
        processing_class=tokenizer,
        callbacks=[timer.callback()],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def run(cases: list[str], rounds: int, threads: int) -> None:
    """Runs both sides of every case in turn; writes benchmarks/engine.json after each."""
    from luthier.experiment.manifest import hardware

    for case in cases:
        found: dict[str, list[dict[str, Any]]] = {"luthier": [], "trl": []}
        for number in range(rounds):
            for side in ("luthier", "trl") if number % 2 else ("trl", "luthier"):
                found[side].append(_in_process(side, case, threads))
        record = summary(case, found) | {"rounds": rounds, "threads": threads, "hardware": dict(hardware())}
        _keep(case, record)
        print(json.dumps({case: record}), flush=True)


def _in_process(side: str, case: str, threads: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "measure", side, case]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    measured: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return measured


def summary(case: str, found: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Medians, the ratio with its range over rounds, and how far the losses are apart."""
    speeds = {side: [one["samples_per_second"] for one in runs] for side, runs in found.items()}
    ratios = [ours / theirs for ours, theirs in zip(speeds["luthier"], speeds["trl"], strict=True)]
    memory = {side: min(one["peak_memory_bytes"] for one in runs) for side, runs in found.items()}
    losses = [found[side][0]["losses"] for side in ("luthier", "trl")]
    # Where one side makes more passes, the steps that both make.
    apart = max(abs(a - b) for a, b in zip(*losses, strict=False))
    return {
        "samples_per_second": {side: statistics.median(values) for side, values in speeds.items()},
        "ratio": [statistics.median(ratios), min(ratios), max(ratios)],
        "memory_bytes": memory,
        "losses_apart": apart,
        "void": "float32" in case and apart > 1e-4,
    }


def _keep(case: str, record: dict[str, Any]) -> None:
    kept = json.loads(RECORDS.read_text(encoding="utf-8")) if RECORDS.exists() else {}
    kept[case] = record
    RECORDS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def table() -> Iterator[str]:
    """Yields a Markdown table of the records."""
    kept = json.loads(RECORDS.read_text(encoding="utf-8"))
    columns = (
        "method | instruction | precision, size | samples/s | TRL's | ratio [range] | memory | losses apart"
    )
    yield f"| {columns} |"
    yield "|---|---|---|---|---|---|---|---|"
    for case in CASES + ON_GPU:
        if case not in kept:
            continue
        record, (method, prefix, precision, *_) = kept[case], case.split("-")
        speed, memory, ratio = record["samples_per_second"], record["memory_bytes"], record["ratio"]
        cells = [
            method,
            f"{prefix} tokens",
            ", ".join([precision, *case.split("-")[3:]]),
            f"{speed['luthier']:.1f}",
            f"{speed['trl']:.2f}",
            "void" if record["void"] else f"{ratio[0]:.1f} [{ratio[1]:.1f}, {ratio[2]:.1f}]",
            f"{memory['luthier'] / 2**20:.0f} of {memory['trl'] / 2**20:.0f} MiB",
            f"{record['losses_apart']:.0e}",
        ]
        yield "| " + " | ".join(cells) + " |"


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run")
    running.add_argument("--cases", nargs="+", choices=CASES + ON_GPU)
    running.add_argument("--rounds", type=int, default=3)
    running.add_argument("--threads", type=int, default=2)
    one = commands.add_parser("measure")
    one.add_argument("side", choices=["luthier", "trl"])
    one.add_argument("case", choices=CASES + ON_GPU)
    commands.add_parser("table")
    options = parser.parse_args()
    if options.command == "run":
        import torch

        run(
            options.cases or (ON_GPU if torch.cuda.is_available() else CASES), options.rounds, options.threads
        )
    elif options.command == "measure":
        print(json.dumps(measure(options.side, options.case)))
    else:
        print("\n".join(table()))


if __name__ == "__main__":
    main()
