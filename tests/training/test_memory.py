from __future__ import annotations

import platform

import psutil
import pytest

from luthier.training.memory import give_back_memory


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
