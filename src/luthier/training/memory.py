"""The most memory that was held, and giving back what is held for nothing."""

from __future__ import annotations

import ctypes
import sys


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
    import resource

    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def give_back_memory() -> None:
    """Gives the heap's free pages back to the system, where the C library can (glibc).

    Training and prediction leave a heap in pieces that do not fit each other's tensors; between them most
    of it is free, and would be held beside what comes next.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:  # musl has none
            trim(0)
