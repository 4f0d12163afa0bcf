"""A data set, a recipe and a model, all small enough to train in a second."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.models import tiny

from luthier.experiment.recipe import to_yaml

REVIEWS = [
    ("The soup was cold.", {"food": "negative"}),
    ("Great noodles, dear though.", {"food": "positive", "price": "negative"}),
    ("Cheap and cheerful.", {"price": "positive"}),
    ("Prices like anywhere else.", {"price": "neutral"}),
    ("Food was fine, nothing more.", {"food": "neutral"}),
    ("We went on a Tuesday.", {}),
    ("Lovely rice, lovely bill.", {"food": "positive", "price": "positive"}),
    ("Burnt fish for twenty euros!", {"food": "negative", "price": "negative"}),
    ("The best tea in town.", {"food": "positive"}),
    ("Overpriced.", {"price": "negative"}),
]


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def reviews(prefix: str, count: int) -> list[dict[str, Any]]:
    return [
        {"id": f"{prefix}-{index}", "text": f"{prefix} {index}: {text}", "aspects": aspects}
        for index in range(count)
        for text, aspects in [REVIEWS[index % len(REVIEWS)]]
    ]


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tiny.model("llama", max_position_embeddings=1024).save_pretrained(folder)
    tiny.byte_level().save_pretrained(folder)
    return folder


@pytest.fixture
def recipe_values(tmp_path: Path, model_folder: Path) -> dict[str, Any]:
    write_jsonl(tmp_path / "train.jsonl", reviews("train", 20))
    write_jsonl(tmp_path / "test.jsonl", reviews("test", 6))
    ood = [
        {"id": f"ood-{index}", "text": f"Number {index}: loud music", "aspects": {"noise": "negative"}}
        for index in range(4)
    ]
    write_jsonl(tmp_path / "ood.jsonl", ood)
    return {
        "task": {"type": "aspects", "aspects": ["food", "price"]},
        "data": {
            "train": "train.jsonl",
            "validation": 0.2,
            "test": {"id": "test.jsonl", "ood": {"path": "ood.jsonl", "aspects": ["noise"]}},
        },
        "model": str(model_folder),
        "method": {"type": "full"},
        "training": {"steps": 3, "batch_size": 4, "precision": "float32"},
        "evaluation": {"baselines": ["majority", "zero-shot"], "bootstrap": 50},
        "output": str(tmp_path / "run"),
    }


@pytest.fixture
def write_recipe(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    def write(values: dict[str, Any]) -> Path:
        path = tmp_path / "recipe.yaml"
        path.write_text(to_yaml(values), encoding="utf-8")
        return path

    return write
