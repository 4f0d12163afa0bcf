from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.models import tiny
from tests.training.rows import rows

from luthier.methods import Freeze, Full, Lora, PTuningV2, Trainable
from luthier.training import TrainingOptions
from luthier.training.fitting import Load, fitting_pieces, footprint, largest_load
from luthier.training.sampler import choose_batches

CPU = torch.device("cpu")


def takes(model: Any, bfloat16: bool = False, **options: Any) -> Any:
    return footprint(model, TrainingOptions(**options), bfloat16=bfloat16, device=CPU)


def test_the_formula_by_hand() -> None:
    """Llama of 2 layers, width 32, 4 heads of 8, 2 of keys, inner width 48, 384 words; nothing is tied."""
    model = Full().apply(tiny.model("llama"))
    outputs = 32 + 16 + 16 + 32 + 48 + 48 + 32
    layer = 2 * outputs * 4 + 8 * 32 * 4
    weights = sum(weight.numel() for weight in model.parameters())
    found = takes(model)
    assert found.token == 3 * layer + 2 * 32 * 4
    assert found.square == 3 * 4 * 4
    assert found.supervised == 384 * 12
    assert found.fixed == 3 * 4 * weights
    assert takes(model, optimizer="sgd").fixed == 4 * weights
    assert takes(model, bfloat16=True).fixed == (3 * 4 + 2) * weights
    assert found.bytes(Load(tokens=10, squares=50, supervised=3)) == (
        found.fixed + 10 * found.token + 50 * found.square + 3 * found.supervised
    )


def test_layers_below_the_first_that_moves_keep_nothing() -> None:
    deep = {"num_hidden_layers": 4}
    whole = takes(Full().apply(tiny.model("llama", **deep))).square
    last = takes(Freeze(trainable=Trainable(last=1)).apply(tiny.model("llama", **deep))).square
    embedded = Freeze(trainable=Trainable(last=1), embeddings=True).apply(tiny.model("llama", **deep))
    prefix = PTuningV2(prompt_length=3).apply(tiny.model("llama", **deep))
    assert whole / last == 5 / 2
    assert takes(embedded).square == takes(prefix).square == whole


def test_adapters_have_small_gradients_and_gpt2s_matrices_lie_the_other_way_round() -> None:
    assert (
        takes(Lora(rank=2).apply(tiny.model("llama"))).fixed < takes(Full().apply(tiny.model("llama"))).fixed
    )
    outputs = 3 * 32 + 32 + 4 * 32 + 32
    assert takes(Full().apply(tiny.model("gpt2"))).token == 3 * (2 * outputs * 4 + 8 * 32 * 4) + 2 * 32 * 4


@pytest.mark.parametrize("size", [{"batch_size": 8}, {"batch_tokens": 200}])
@pytest.mark.parametrize("pieces", [1, 2, 4])
def test_no_pass_of_any_epoch_reads_more_than_is_said(size: dict[str, Any], pieces: int) -> None:
    data, options = rows(60), TrainingOptions(epochs=3, **size)
    batches, said = choose_batches(data, options, seed=0), largest_load(data, options, pieces)
    for epoch in range(3):
        batches.set_epoch(epoch)
        for batch in batches:
            read = [data[number] for number in batch[: -(-len(batch) // pieces)]]
            assert sum(row["length"] for row in read) <= said.tokens
            assert sum(row["length"] ** 2 for row in read) <= said.squares
            assert sum(row["supervised"] for row in read) <= said.supervised


def test_as_few_passes_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    model, data, options = Full().apply(tiny.model("llama")), rows(2000), TrainingOptions()
    found = footprint(model, options, bfloat16=False, device=CPU)
    needed = [found.bytes(largest_load(data, options, pieces)) for pieces in (1, 2, 4, 8)]
    assert needed == sorted(needed, reverse=True)

    def pieces(free: float, **given: Any) -> int:
        monkeypatch.setattr("luthier.training.fitting.free_memory", lambda device: int(free / 0.8) + 1)
        return fitting_pieces(model, data, TrainingOptions(**given), bfloat16=False, device=CPU)

    assert [pieces(bytes_) for bytes_ in needed] == [1, 2, 4, 8]
    # Eight rows a step: not even one fits, and it is tried.
    assert pieces(0) == 8
    # What the recipe names is believed.
    assert pieces(0, batch_size=8) == 1
    assert pieces(0, batch_size=8, gradient_accumulation=4) == 4


_MEASURED = """
import json, sys
import psutil, torch
from tests.models import tiny
from luthier.methods import Full, Lora
from luthier.training import TrainingOptions
from luthier.training.batches import Collator
from luthier.training.engine import Forward
from luthier.training.fitting import Load, footprint
from luthier.training.memory import peak_memory

method, checkpoints, count, length, asked = json.loads(sys.argv[1])
shape = {"hidden_size": 256, "intermediate_size": 704, "num_hidden_layers": 6}
shape |= {"max_position_embeddings": 1024}
model = {"lora": Lora(rank=8), "full": Full()}[method].apply(tiny.model("llama", **shape)).train()
if checkpoints:
    model.gradient_checkpointing_enable({"use_reentrant": False})
options = TrainingOptions(gradient_checkpointing=checkpoints)
draw = torch.Generator().manual_seed(0)
ids = torch.randint(0, 384, (count, length), generator=draw).tolist()
rows = [
    {"input_ids": row, "labels": [-100] * (length - asked) + row[-asked:], "weight": 1.0} for row in ids
]
found = footprint(model, options, bfloat16=False, device=torch.device("cpu"))
forward, collate = Forward(model), Collator(0)
optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=1e-6)
short = [{**row, "input_ids": row["input_ids"][-9:], "labels": row["labels"][-9:]} for row in rows]
before = None
for batch in map(collate, (short, rows, rows)):
    with forward.reading(model, batch):
        forward.loss(model, batch).backward()
    if before is None:  # what a first pass loads and compiles
        optimizer.zero_grad()
        before = psutil.Process().memory_info().rss
    else:
        optimizer.step()
        optimizer.zero_grad()
said = found.bytes(Load(count * length, count * length**2, count * asked))
print(json.dumps([said, peak_memory() - before]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [("full", False, 16, 200, 10), ("lora", False, 4, 400, 100), ("full", True, 16, 200, 10)]
)
def test_what_is_said_is_within_a_factor_of_what_a_pass_takes(case: tuple[Any, ...]) -> None:
    """In a process of its own: between four fifths and twice of the resident memory that a step adds."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, json.dumps(case)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=200,
        check=True,
    )
    said, took = json.loads(done.stdout)
    assert 0.8 * took < said < 2 * took
