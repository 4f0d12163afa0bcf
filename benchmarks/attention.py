"""The engine's attention on a CPU beside the library's kernel: forward and backward, interleaved.

    python benchmarks/attention.py [--rounds 15]

Prints, for each shape and type, the milliseconds (median) of both and their ratio. One thread.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from luthier.training.engine.attention import _by_kernel
from luthier.training.engine.written_out import attend

SHAPES = [(16, 150, 75, 6), (16, 400, 75, 6), (8, 104, 340, 4), (16, 25, 370, 4)]
"""Runs, tokens of the ancestors, tokens of a run, heads of 64."""


def timed(way: Callable[..., torch.Tensor], parts: list[torch.Tensor], places: torch.Tensor) -> float:
    """Milliseconds of processor time of one forward and backward pass."""
    query, key, value, before, behind = parts
    started = time.process_time()
    way(query, (key, value), (before, behind), places).backward(torch.ones_like(query))
    return 1000 * (time.process_time() - started)


def main() -> None:
    """Prints the table."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    print("| type | runs | ancestors | run | heads | kernel, ms | written out, ms | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for dtype in (torch.bfloat16, torch.float32):
        for runs, known, tokens, heads in SHAPES:
            own, context = (heads, runs, tokens, 64), (heads, known, 64)
            parts = [
                torch.randn(shape, dtype=dtype, requires_grad=True)
                for shape in (own, own, own, context, context)
            ]
            places = torch.arange(tokens)[None]
            times: dict[Callable[..., torch.Tensor], list[float]] = {_by_kernel: [], attend: []}
            for _ in range(rounds + 2):
                for way, found in times.items():
                    found.append(timed(way, parts, places))
            kernel, ours = (statistics.median(found[2:]) for found in times.values())
            cells = [str(dtype).removeprefix("torch."), runs, known, tokens, heads]
            cells += [f"{kernel:.1f}", f"{ours:.1f}", f"{kernel / ours:.2f}"]
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()
