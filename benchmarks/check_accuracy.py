"""Is `luthier check` right? Its memory and time beside what the run then takes, for each shipped recipe.

    python benchmarks/check_accuracy.py [RECIPE ...]

Each recipe is checked and then run in processes of their own; the table goes to stdout.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[1] / "examples"
SHIPPED = [
    EXAMPLES / "restaurant_reviews/recipe.yaml",
    EXAMPLES / "support_tickets/recipe.yaml",
    EXAMPLES / "meeting_notes/recipe.yaml",
]


def luthier(*arguments: str) -> dict[str, Any]:
    """Runs a command with --json and returns what it printed."""
    command = [sys.executable, "-m", "luthier", *arguments, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    recipes = [Path(name) for name in sys.argv[1:]] or SHIPPED
    print("| recipe | memory: check | run | ratio | training: check | run | ratio |")
    print("|---|---|---|---|---|---|---|")
    for recipe in recipes:
        said = luthier("check", str(recipe))
        with tempfile.TemporaryDirectory() as folder:
            luthier("run", str(recipe), "--output", f"{folder}/run")
            did = json.loads(Path(folder, "run", "manifest.json").read_text(encoding="utf-8"))["training"]
        memory = (said["peak_memory_bytes"], did["peak_memory_bytes"])
        seconds = (said["training_seconds"], did["seconds"])
        print(
            f"| {recipe.parent.name} | {memory[0] / 2**20:.0f} MiB | {memory[1] / 2**20:.0f} MiB"
            f" | {memory[0] / memory[1]:.2f} | {seconds[0]:.0f} s | {seconds[1]:.0f} s"
            f" | {seconds[0] / seconds[1]:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
