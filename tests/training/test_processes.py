from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from tests.training import in_two_processes
from tests.training.rows import rows

from luthier.training import TrainingOptions
from luthier.training.sampler import choose_batches

ROOT = Path(__file__).parents[2]


CASES: list[dict[str, Any]] = [
    {"method": "full", "batch_size": 4},
    {"method": "full", "batch_size": 1, "gradient_accumulation": 4},
    {"method": "freeze", "batch_size": 4},
    {"method": "lora", "batch_size": 4},
    {"method": "full", "batch_size": 4, "most_logits": 0},  # logits in chunks
]
TOKENS = {"method": "full", "batch_tokens": 60}


@pytest.fixture(scope="module")
def in_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which two processes have trained every case; most of the time they only start."""
    folder = tmp_path_factory.mktemp("two")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    done = subprocess.run(
        [*command, in_two_processes.__file__, str(folder), json.dumps([*CASES, TOKENS])],
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(CASES)))
def test_two_processes_equal_one(number: int, in_two: Path, tmp_path: Path) -> None:
    """Two processes of 4 rows are one of 8: rows are split, divisor and gradients are summed over both.

    An epoch of 18 rows ends with a step of two, one for each process. With frozen layers the second process
    reads what the first kept of them.
    """
    in_two_processes.train_one(tmp_path, CASES[number]["method"], batch_size=8)
    with (
        safe_open(tmp_path / "weights.safetensors", "pt") as left,
        safe_open(in_two / str(number) / "weights.safetensors", "pt") as right,
    ):
        assert left.metadata() == right.metadata() == {"steps": "6"}
        for name in left.keys():  # noqa: SIM118 - a safetensors file is no mapping
            assert torch.allclose(left.get_tensor(name), right.get_tensor(name), atol=1e-5), name


@pytest.mark.slow
def test_two_processes_share_batches_of_so_many_tokens(in_two: Path) -> None:
    steps = choose_batches(rows(18), TrainingOptions(epochs=2, batch_tokens=60), seed=3, processes=2).steps
    with safe_open(in_two / str(len(CASES)) / "weights.safetensors", "pt") as saved:
        assert saved.metadata() == {"steps": str(2 * steps)}
