from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import torch

from luthier.heap import give_back_memory
from luthier.training import memory
from luthier.training.memory import free_memory, is_out_of_memory


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="only glibc gives its free pages back on demand"
)
def test_free_memory_between_what_is_kept_goes_back_to_the_system() -> None:
    # Small pieces lie on the heap; as the last is kept, freeing the others alone gives nothing back.
    pieces = [bytearray(2**16) for _ in range(3200)]  # 200 MiB
    for piece in pieces:
        piece[:] = b"x" * len(piece)
    kept = pieces[-1]
    del pieces, piece
    before = psutil.Process().memory_info().rss
    give_back_memory()
    assert before - psutil.Process().memory_info().rss > 100 * 2**20
    assert len(kept) == 2**16


@pytest.mark.parametrize(
    ("error", "means"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), True),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory"),
            True,
        ),
        (RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB)"), True),
        (MemoryError(), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_failed_allocations_are_told_from_other_errors(error: Exception, means: bool) -> None:
    assert is_out_of_memory(error) == means


def test_an_allocation_that_really_fails_is_known() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)


def test_a_containers_limit_counts_and_files_that_it_could_drop_are_free(tmp_path: Path) -> None:
    assert memory._left_in_container(tmp_path) == sys.maxsize
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 150\n")
    assert memory._left_in_container(tmp_path) == 1000 - 700 + 150
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._left_in_container(tmp_path) == sys.maxsize


def test_processes_of_one_machine_share_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    alone = free_memory(cpu)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert free_memory(cpu) == pytest.approx(alone / 4, rel=0.2)


def test_a_process_that_a_large_one_started_counts_its_own_memory_alone() -> None:
    held = bytearray(b"x" * 2**30)
    script = "from luthier.training.memory import peak_memory; print(peak_memory())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert len(held) == 2**30
    assert int(done.stdout) < 2**30 < memory.peak_memory()
