"""How fast a fine-tuned run predicts, and what batching does for it.

    python benchmarks/prediction.py runs/reviews reviews.jsonl [--limit 1024] [--rounds 5]

Three ways in turn, several rounds, in one process: `full` batches of like length, however much padding they
take; `cut` before padding costs more than another batch; and `shared`, what Luthier does: cut, and the
beginning that prompts have in common is read once. The ratios are those of each round, to `full`.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from unittest.mock import patch

PASSES = "luthier.inference.batches._PASS"
BEGINNING = "luthier.inference.predictor.beginning"
NEVER = 1 << 60
WAYS: dict[str, Callable[[], Any]] = {
    "full": lambda: patch.dict(PASSES, dict.fromkeys(("cpu", "cuda"), NEVER)),
    "cut": lambda: patch(BEGINNING, lambda _: ""),
    "shared": lambda: patch.dict(PASSES),
}


def measure(run: Path, data: Path, limit: int, rounds: int) -> None:
    """Prints a table of records a second."""
    import luthier

    model = luthier.load(run)
    records = list(itertools.islice(model.read_file(data), limit))
    first = list(model.predict(records))
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, patched in WAYS.items():
            with patched():
                begun = perf_counter()
                found = list(model.predict(records))
                seconds[way].append(perf_counter() - begun)
            assert [item.value for item in found] == [item.value for item in first], way
    print(f"{len(records)} records of {data.name}\n")
    print("| batches | records a second | ratio to full |\n|---|---|---|")
    for way, taken in seconds.items():
        ratios = [full / own for full, own in zip(seconds["full"], taken, strict=True)]
        print(
            f"| {way} | {len(records) / median(taken):.1f}"
            f" | {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    measure(given.run, given.data, given.limit, given.rounds)


if __name__ == "__main__":
    main()
