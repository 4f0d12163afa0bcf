"""How much memory was held, how much is left, and whether it ran out."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_SAID = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")
"""What errors say that have no type of their own: of drivers, of MPS, of the CPU's allocator."""


def reset_peak_memory() -> None:
    """Starts measuring anew, where there is a GPU; the peak of a process cannot be reset."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def peak_memory() -> int:
    """Returns the bytes of GPU memory held at most, or, without a GPU, of the process's resident memory."""
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    if sys.platform == "linux":
        # Not `ru_maxrss`: there a process begins with what the one that started it held.
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def is_out_of_memory(error: BaseException) -> bool:
    """Tells whether an allocation failed: on a GPU, or by the allocator of tensors on a CPU."""
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error) for said in _SAID)


def free_memory(device: torch.device) -> int:
    """Returns the bytes that a process may still take: of the device, else its share of the machine's.

    A container's limit counts: where a process crosses it, it is ended, and no allocation fails before.
    """
    import psutil
    import torch

    if device.type == "cuda":
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + unused
    if device.type == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    free = min(int(psutil.virtual_memory().available), _left_in_container())
    return free // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def _left_in_container(group: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes below the limit of the control group (version 2); cached files that can be dropped are free."""
    try:
        limit = int((group / "memory.max").read_text())
        used = int((group / "memory.current").read_text())
        kept = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # no control group, or "max"
        return sys.maxsize
    return max(0, limit - used + int(kept.get("inactive_file", 0)))
