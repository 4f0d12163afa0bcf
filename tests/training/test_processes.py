from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from tests.training import in_two_processes

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("method", in_two_processes.METHODS)
def test_two_processes_equal_one(method: str, tmp_path: Path) -> None:
    """Two processes of 4 rows are one of 8: rows are split, divisor and gradients are summed over both.

    With frozen layers the second process reads what the first kept of them.
    """
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    in_two_processes.main(one, method, 8)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [*command, in_two_processes.__file__, str(two), method, "4"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    with (
        safe_open(one / "weights.safetensors", "pt") as left,
        safe_open(two / "weights.safetensors", "pt") as right,
    ):
        assert left.metadata() == right.metadata() == {"steps": "4"}
        for name in left.keys():  # noqa: SIM118 - a safetensors file is no mapping
            assert torch.allclose(left.get_tensor(name), right.get_tensor(name), atol=1e-5), name
