from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from tests.training import in_two_processes

from luthier.training import head

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("most_logits", [head._LIMIT, 0], ids=["whole logits", "logits in chunks"])
def test_two_processes_equal_one(tmp_path: Path, most_logits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes of 4 rows are one of 8: rows are split, divisor and gradients are summed over both."""
    monkeypatch.setattr(head, "_LIMIT", head._LIMIT)  # put back what `main` sets
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    in_two_processes.main(one, 8, head._LIMIT)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    done = subprocess.run(
        [*command, in_two_processes.__file__, str(two), "4", str(most_logits)],
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
