from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from tests.training import in_two_processes
from tests.training.rows import rows

from luthier.training import TrainingOptions
from luthier.training.sampler import choose_batches

ROOT = Path(__file__).parents[2]


def in_two(folder: Path, method: str, size: dict[str, int]) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    folder.mkdir()
    done = subprocess.run(
        [*command, in_two_processes.__file__, str(folder), method, json.dumps(size)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "size"),
    [
        ("full", {"batch_size": 4}),
        ("full", {"batch_size": 1, "gradient_accumulation": 4}),
        ("freeze", {"batch_size": 4}),
        ("lora", {"batch_size": 4}),
        ("full", {"batch_size": 4, "most_logits": 0}),  # logits in chunks
    ],
)
def test_two_processes_equal_one(method: str, size: dict[str, int], tmp_path: Path) -> None:
    """Two processes of 4 rows are one of 8: rows are split, divisor and gradients are summed over both.

    An epoch of 18 rows ends with a step of two, one for each process. With frozen layers the second process
    reads what the first kept of them.
    """
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    in_two_processes.main(one, method, batch_size=8)
    in_two(two, method, size)
    with (
        safe_open(one / "weights.safetensors", "pt") as left,
        safe_open(two / "weights.safetensors", "pt") as right,
    ):
        assert left.metadata() == right.metadata() == {"steps": "6"}
        for name in left.keys():  # noqa: SIM118 - a safetensors file is no mapping
            assert torch.allclose(left.get_tensor(name), right.get_tensor(name), atol=1e-5), name


@pytest.mark.slow
def test_two_processes_share_batches_of_so_many_tokens(tmp_path: Path) -> None:
    in_two(tmp_path / "two", "full", {"batch_tokens": 60})
    steps = choose_batches(rows(18), TrainingOptions(epochs=2, batch_tokens=60), seed=3, processes=2).steps
    with safe_open(tmp_path / "two" / "weights.safetensors", "pt") as saved:
        assert saved.metadata() == {"steps": str(2 * steps)}
