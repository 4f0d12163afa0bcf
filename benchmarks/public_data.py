"""The public data sets as recipes: `task`, `data`, `design` and `training`, without a model.

They lie in LUTHIER_DATA (default ../shared/data); nothing of them is copied into the repository. A builder
takes a folder, where it may write samples of a set, and returns the sections.
"""

from __future__ import annotations

import csv
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

DATA = Path(os.environ.get("LUTHIER_DATA", Path(__file__).parents[2] / "shared" / "data")).resolve()
SEED = 0


def rows(path: str) -> list[dict[str, Any]]:
    """Reads JSON lines of the public data."""
    with (DATA / path).open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def write(path: Path, records: list[dict[str, Any]]) -> str:
    """Writes JSON lines for a recipe to read; returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in records), encoding="utf-8")
    return str(path)


def sample(records: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Draws `count` records, the same for the same seed."""
    return random.Random(SEED).sample(records, min(count, len(records)))


def waimai(folder: Path) -> dict[str, Any]:
    with (DATA / "waimai_zh/waimai_10k.csv").open(encoding="utf-8-sig", newline="") as stream:
        found = [
            {"text": row["review"], "label": {"1": "正面", "0": "负面"}[row["label"]]}
            for row in csv.DictReader(stream)
        ]
    # The published file has no test set and repeats some reviews: each text once, then train and test apart.
    drawn = sample(list({row["text"]: row for row in found}.values()), 2000)
    return {
        "task": {"type": "classification", "language": "zh", "labels": ["正面", "负面"]},
        "data": {
            "train": write(folder / "train.jsonl", drawn[:1000]),
            "test": write(folder / "test.jsonl", drawn[1000:]),
        },
        "training": {"epochs": 5},
    }


def sst2(folder: Path) -> dict[str, Any]:
    return {
        "task": {"type": "classification", "language": "en", "labels": ["positive", "negative"]},
        "data": {
            "train": write(folder / "train.jsonl", sample(rows("sst2_en/train.jsonl"), 2000)),
            "test": str(DATA / "sst2_en/test.jsonl"),
        },
        "training": {"epochs": 4},
    }


def trec(_: Path) -> dict[str, Any]:
    names = ["description", "entity", "abbreviation", "human", "location", "number"]
    return {
        "task": {"type": "classification", "language": "en", "labels": names},
        "data": {
            "train": str(DATA / "trec_en/train.jsonl"),
            "test": str(DATA / "trec_en/test.jsonl"),
            "label_map": {str(number): name for number, name in enumerate(names)},
        },
        "training": {"epochs": 2},
    }


def mams(_: Path) -> dict[str, Any]:
    aspects = ["food", "staff", "miscellaneous", "place", "menu", "service", "ambience", "price"]
    return {
        "task": {"type": "aspects", "language": "en", "aspects": aspects},
        "data": {
            "train": str(DATA / "mams_en/train.jsonl"),
            "validation": str(DATA / "mams_en/val.jsonl"),
            "test": str(DATA / "mams_en/test.jsonl"),
        },
        "training": {"epochs": 2},
    }


def restaurant(own: str, other: str, count: int) -> Callable[[Path], dict[str, Any]]:
    def build(folder: Path) -> dict[str, Any]:
        spaces = {
            name: sorted(
                {aspect for row in rows(f"restaurant_zh/{name}/train.jsonl") for aspect in row["aspects"]}
            )
            for name in (own, other)
        }
        train = rows(f"restaurant_zh/{own}/train.jsonl")
        return {
            "task": {"type": "aspects", "language": "zh", "aspects": spaces[own]},
            "data": {
                "train": write(folder / "train.jsonl", sample(train, count)),
                "test": {
                    "id": str(DATA / f"restaurant_zh/{own}/test.jsonl"),
                    "ood": {
                        "path": str(DATA / f"restaurant_zh/{other}/test.jsonl"),
                        "aspects": spaces[other],
                    },
                },
            },
            "training": {"epochs": 5 if count <= 500 else 2},
        }

    return build


def cluener(folder: Path) -> dict[str, Any]:
    train = rows("cluener_zh/train.jsonl")
    types = sorted({entity["type"] for row in train for entity in row["entities"]})
    return {
        "task": {"type": "extraction", "language": "zh", "types": types},
        "data": {
            "train": write(folder / "train.jsonl", sample(train, 2000)),
            "test": str(DATA / "cluener_zh/test.jsonl"),
        },
        "training": {"epochs": 3},
    }


def titles(_: Path) -> dict[str, Any]:
    return {
        "task": {"type": "generation", "language": "zh"},
        "data": {
            "train": str(DATA / "csl_title_zh/dev.jsonl"),
            "test": str(DATA / "csl_title_zh/test.jsonl"),
        },
        "design": {"instructions": "title"},
        "training": {"epochs": 3},
    }


def scitldr(_: Path) -> dict[str, Any]:
    return {
        "task": {"type": "generation", "language": "en"},
        "data": {
            "train": str(DATA / "scitldr_en/train.jsonl"),
            "validation": str(DATA / "scitldr_en/dev.jsonl"),
            "test": str(DATA / "scitldr_en/test.jsonl"),
        },
        "design": {"instructions": "summary"},
        "training": {"epochs": 2, "truncate": "input"},
    }


def ecommerce(_: Path) -> dict[str, Any]:
    return {
        "task": {"type": "classification", "language": "zh", "labels": ["正面", "负面"]},
        "data": {
            "train": str(DATA / "ecommerce_fewshot_zh/train.jsonl"),
            "validation": str(DATA / "ecommerce_fewshot_zh/validation.jsonl"),
            "test": str(DATA / "ecommerce_fewshot_zh/test.jsonl"),
        },
        "training": {"epochs": 15},
    }


TASTE, QUEUE = "taste_price_service", "traffic_queue_decor"
