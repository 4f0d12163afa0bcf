"""The process's heap: what of it is held for nothing goes back to the system."""

from __future__ import annotations

import ctypes
import sys


def give_back_memory() -> None:
    """Gives the heap's free pages back to the system, where the C library can (glibc).

    Long work leaves a heap in pieces that fit nothing else; most of it is free, and would be held beside what
    comes next.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:  # musl has none
            trim(0)
