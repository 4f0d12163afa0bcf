"""A recipe with unlabelled text that trains in seconds. A planted test text stands among the unlabelled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.experiment.conftest import model_folder, write_jsonl, write_recipe

__all__ = ["model_folder", "write_recipe"]

GOOD = ("lovely soup", "great noodles", "best tea", "kind waiter", "fresh fish", "warm bread")
BAD = ("cold soup", "burnt noodles", "stale tea", "rude waiter", "old fish", "dry bread")
PLANTED = "In the test set: we were told to wait outside for an hour in the rain."

Write = Callable[[dict[str, Any]], Path]


def texts(prefix: str, count: int) -> list[dict[str, Any]]:
    """Half good, half bad, each text its own."""
    rows = []
    for n in range(count):
        label, words = ("good", GOOD) if n % 2 else ("bad", BAD)
        pair = f"{words[n % 6]} and {words[(n // 2 + 1) % 6]}"
        rows.append({"id": f"{prefix}-{n}", "text": f"{pair}, {prefix} number {n * 7}", "label": label})
    return rows


@pytest.fixture
def values(tmp_path: Path, model_folder: Path) -> dict[str, Any]:
    write_jsonl(tmp_path / "train.jsonl", texts("train", 16))
    write_jsonl(tmp_path / "validation.jsonl", texts("validation", 12))
    write_jsonl(
        tmp_path / "test.jsonl", [*texts("test", 6), {"id": "test-6", "text": PLANTED, "label": "bad"}]
    )
    unlabelled = [
        *texts("more", 20),
        {"id": "planted", "text": PLANTED, "label": "bad"},
        {"id": "near", "text": PLANTED.replace("hour", "our"), "label": "bad"},
    ]
    write_jsonl(tmp_path / "unlabelled.jsonl", unlabelled)
    return {
        "task": {"type": "classification", "labels": ["good", "bad"]},
        "data": {
            "train": "train.jsonl",
            "validation": "validation.jsonl",
            "test": "test.jsonl",
            "unlabelled": "unlabelled.jsonl",
        },
        "model": str(model_folder),
        "method": {"type": "full"},
        "training": {"steps": 2, "batch_size": 4, "precision": "float32"},
        "self_training": {"rounds": 1, "top": 0.5, "teacher": "tfidf"},
        "evaluation": {"baselines": [], "bootstrap": 20},
        "output": str(tmp_path / "run"),
    }
