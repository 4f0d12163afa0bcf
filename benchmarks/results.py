"""Fine-tuned scores on public data beside TF-IDF and majority: what docs/results.md shows.

    python benchmarks/results.py run [--only waimai_zh ...] [--methods full lora] [--output runs/results]
    python benchmarks/results.py table [--output runs/results] > docs/results.md

`run` skips what is finished, so it may be stopped and started again. The data lie in LUTHIER_DATA (default
../shared/data); nothing of them is copied into the repository.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

DATA = Path(os.environ.get("LUTHIER_DATA", Path(__file__).parents[2] / "shared" / "data")).resolve()
METHODS: dict[str, dict[str, Any]] = {
    "full": {"type": "full"},
    "lora": {"type": "lora", "rank": 16, "alpha": 32},
}
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
        "training": {"epochs": 3},
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
        "training": {"epochs": 3},
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
            "training": {"epochs": 5 if count <= 500 else 3},
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
        "training": {"epochs": 4},
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


TASTE, QUEUE = "taste_price_service", "traffic_queue_decor"
JOBS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "waimai_zh": waimai,
    "sst2_en": sst2,
    "trec_en": trec,
    "mams_en": mams,
    "restaurant_zh.taste.500": restaurant(TASTE, QUEUE, 500),
    "restaurant_zh.queue.500": restaurant(QUEUE, TASTE, 500),
    "cluener_zh": cluener,
    "csl_title_zh": titles,
    "scitldr_en": scitldr,
    "restaurant_zh.taste.1400": restaurant(TASTE, QUEUE, 1400),
    "restaurant_zh.queue.1400": restaurant(QUEUE, TASTE, 1400),
}


def run(names: list[str], methods: list[str], output: Path, model: str) -> None:
    """Runs every job that is not finished yet."""
    import luthier
    from luthier.cli.common import start_messages
    from luthier.experiment.recipe import to_yaml

    start_messages()
    for name in names:
        for method in methods:
            folder = output / f"{name}.{method}"
            if (folder / "report.html").exists():
                continue
            shutil.rmtree(folder, ignore_errors=True)  # what an interrupted call left
            inputs = (output / "inputs" / name).resolve()
            values = JOBS[name](inputs)
            # One zero-shot a data set is enough: it does not depend on the method.
            baselines = ["majority", "tfidf"] + (["zero-shot"] if method == methods[0] else [])
            values |= {
                "model": model,
                "method": METHODS[method],
                "evaluation": {"baselines": baselines},
                "output": str(folder),
                "seed": SEED,
            }
            path = inputs / f"{method}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(to_yaml(values), encoding="utf-8")
            print(f"== {name} {method}", flush=True)
            print(luthier.run(path).verdict, flush=True)


def table(output: Path) -> Iterator[str]:
    """Yields docs/results.md line by line from the runs that are there."""
    manifests = {
        path.parent: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(output.glob("*/manifest.json"))
        if (path.parent / "report.html").exists()
    }
    if not manifests:
        raise SystemExit(f"there is no finished run in {output}")
    yield from HEADER.read_text(encoding="utf-8").splitlines()
    yield from ("", _machine(next(iter(manifests.values()))), "")
    yield "| data | test | metric | majority | TF-IDF | zero-shot | full | LoRA | format errors |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for name in JOBS:
        runs = {method: output / f"{name}.{method}" for method in METHODS}
        found = {
            method: json.loads((path / "metrics.json").read_text(encoding="utf-8"))
            for method, path in runs.items()
            if path in manifests
        }
        if found:
            yield from _lines(name, found)
    yield ""
    yield "| run | train | steps | learning rate | training | samples/s | peak memory |"
    yield "|---|---|---|---|---|---|---|"
    for path, manifest in manifests.items():
        training = manifest["training"]
        cells = [
            path.name,
            str(manifest["encoded"]["train"]["rows"]),
            str(training["steps"]),
            f"{training['learning_rate']:.2g}",
            f"{training['seconds']:.0f} s",
            f"{training['samples_per_second']:.1f}",
            f"{training['peak_memory_bytes'] / 2**30:.2f} GiB",
        ]
        yield f"| {' | '.join(cells)} |"
    wanted = [f"{name}.{method}" for name in JOBS for method in METHODS]
    missing = [name for name in wanted if output / name not in manifests]
    if missing:
        yield ""
        yield f"Not run yet: {', '.join(missing)}."


def _machine(manifest: dict[str, Any]) -> str:
    hardware, versions = manifest["hardware"], manifest["versions"]
    libraries = ", ".join(f"{name} {versions[name]}" for name in ("luthier", "torch", "transformers", "peft"))
    memory = hardware["memory_bytes"] / 2**30
    gpus = ", ".join(hardware["gpus"]) or "no GPU"
    return (
        f"Machine: {hardware['processor']}, {hardware['cores']} cores, {memory:.0f} GiB, {gpus}; {libraries}."
    )


def _lines(name: str, found: dict[str, Any]) -> Iterator[str]:
    first = next(iter(found.values()))
    for test in (key for key in first if key.startswith("test/")):
        baselines = first["baselines"]
        common = next((item for item in ("majority", "dictionary", "lead") if item in baselines), None)
        columns = [
            _baseline(first, common, test),
            _baseline(first, "tfidf", test),
            _baseline(first, "zero-shot", test),
        ]
        columns += [
            _score(found[method][test][first["primary"]]) if method in found else "" for method in METHODS
        ]
        errors = [
            f"{found[method]['details'][test]['format_errors']['rate']:.1%}"
            for method in METHODS
            if method in found
        ]
        note = "" if common in ("majority", None) else f" ({common})"
        columns[0] += note
        yield f"| {name} | {test} | {first['primary']} | {' | '.join(columns)} | {', '.join(errors)} |"


def _baseline(metrics: dict[str, Any], name: str | None, test: str) -> str:
    scores = metrics["baselines"].get(name, {}).get(test)
    return _score(scores["metrics"].get(metrics["primary"])) if scores else "-"


def _score(score: dict[str, float] | None) -> str:
    return f"{score['value']:.3f} [{score['low']:.2f}, {score['high']:.2f}]" if score else "-"


HEADER = Path(__file__).with_name("results_header.md")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["run", "table"])
    parser.add_argument("--only", nargs="+", choices=list(JOBS), default=list(JOBS))
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--output", type=Path, default=Path("runs/results"))
    parser.add_argument("--model", default="luthier/tiny")
    arguments = parser.parse_args()
    if arguments.what == "run":
        run(arguments.only, arguments.methods, arguments.output, arguments.model)
    else:
        print("\n".join(table(arguments.output)))


if __name__ == "__main__":
    main()
