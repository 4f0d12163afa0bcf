"""Fine-tuned scores on public data beside TF-IDF and majority: what docs/results.md shows.

    python benchmarks/results.py run [--only waimai_zh ...] [--methods full lora] [--output runs/results]
    python benchmarks/results.py table > docs/results.md

Every finished run leaves a record in benchmarks/results/, from which the table is made, so the runs may be
spread over days and machines. `run` skips what has a record for the model's present weights. The data lie in
LUTHIER_DATA (default ../shared/data); nothing of them is copied into the repository.
"""

from __future__ import annotations

import argparse
import csv
import itertools
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
    """Runs every job that has no record for the model's present weights."""
    import luthier
    from luthier.cli.common import start_messages
    from luthier.experiment.recipe import Recipe, to_yaml
    from luthier.models import fingerprint

    start_messages()
    for name, method in itertools.product(names, methods):
        inputs = (output / "inputs" / name).resolve()
        folder = output / f"{name}.{method}"
        values = JOBS[name](inputs) | {
            "model": model,
            "method": METHODS[method],
            "evaluation": {"baselines": ["majority", "tfidf"]},
            "output": str(folder),
            "seed": SEED,
        }
        weights = fingerprint(Recipe.model_validate(values).model)
        done = read_record(name, method)
        if done and done["model"]["sha256"] == weights:
            continue
        shutil.rmtree(folder, ignore_errors=True)  # what an interrupted call left
        path = inputs / f"{method}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(to_yaml(values), encoding="utf-8")
        print(f"== {name} {method}", flush=True)
        print(luthier.run(path).verdict, flush=True)
        write_record(name, method, folder)


def read_record(name: str, method: str) -> dict[str, Any] | None:
    """Returns what a finished job left, or None."""
    path = RECORDS / f"{name}.{method}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def write_record(name: str, method: str, folder: Path) -> None:
    """Keeps of a run what the table shows: its primary metric on every test set, its cost, its machine."""
    manifest, metrics = (
        json.loads((folder / file).read_text(encoding="utf-8")) for file in ("manifest.json", "metrics.json")
    )
    primary = metrics["primary"]
    baselines = metrics["baselines"]
    tests = {
        test: {
            "score": scores[primary],
            "format_error_rate": metrics["details"][test]["format_errors"]["rate"],
            "baselines": {
                baseline: found[test]["metrics"].get(primary)
                for baseline, found in baselines.items()
                if test in found
            },
        }
        for test, scores in metrics.items()
        if test.startswith("test/")
    }
    values = {
        "primary": primary,
        "tests": tests,
        "rows": manifest["encoded"]["train"]["rows"],
        "training": manifest["training"],
        "model": manifest["model"],
        "hardware": manifest["hardware"],
        "versions": manifest["versions"],
        "finished": manifest["finished"],
    }
    RECORDS.mkdir(exist_ok=True)
    text = json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True)
    (RECORDS / f"{name}.{method}.json").write_text(text + "\n", encoding="utf-8")


def table() -> Iterator[str]:
    """Yields docs/results.md line by line from the records."""
    found = {
        (name, method): record
        for name in JOBS
        for method in METHODS
        if (record := read_record(name, method)) is not None
    }
    machines = sorted({_machine(record) for record in found.values()})
    yield from HEADER.read_text(encoding="utf-8").splitlines()
    yield ""
    yield from (f"Machine {number}: {text}" for number, text in enumerate(machines, 1))
    yield from ("", "| data | test | metric | majority | TF-IDF | full | LoRA | format errors |")
    yield "|---|---|---|---|---|---|---|---|"
    for name in JOBS:
        by_method = {method: found[name, method] for method in METHODS if (name, method) in found}
        if by_method:
            yield from _lines(name, by_method)
    yield from ("", "| run | train | steps | learning rate | training | samples/s | peak memory | machine |")
    yield "|---|---|---|---|---|---|---|---|"
    for (name, method), record in found.items():
        training = record["training"]
        cells = [
            f"{name}.{method}",
            str(record["rows"]),
            str(training["steps"]),
            f"{training['learning_rate']:.2g}",
            f"{training['seconds']:.0f} s",
            f"{training['samples_per_second']:.1f}",
            f"{training['peak_memory_bytes'] / 2**30:.2f} GiB",
            str(machines.index(_machine(record)) + 1),
        ]
        yield f"| {' | '.join(cells)} |"
    missing = [f"{name}.{method}" for name in JOBS for method in METHODS if (name, method) not in found]
    if missing:
        yield from ("", f"Not run yet: {', '.join(missing)}.")


def _machine(record: dict[str, Any]) -> str:
    hardware, versions = record["hardware"], record["versions"]
    libraries = ", ".join(f"{name} {versions[name]}" for name in ("luthier", "torch", "transformers", "peft"))
    memory = hardware["memory_bytes"] / 2**30
    gpus = ", ".join(hardware["gpus"]) or "no GPU"
    return f"{hardware['processor']}, {hardware['cores']} cores, {memory:.0f} GiB, {gpus}; {libraries}."


def _lines(name: str, found: dict[str, Any]) -> Iterator[str]:
    first = next(iter(found.values()))
    for test, values in first["tests"].items():
        baselines = values["baselines"]
        common = next((item for item in ("majority", "dictionary", "lead") if item in baselines), None)
        note = "" if common in ("majority", None) else f" ({common})"
        cells = [
            name,
            test,
            first["primary"],
            _score(baselines.get(common)) + note,
            _score(baselines.get("tfidf")),
            *(_score(found[method]["tests"][test]["score"]) if method in found else "" for method in METHODS),
            ", ".join(f"{record['tests'][test]['format_error_rate']:.1%}" for record in found.values()),
        ]
        yield f"| {' | '.join(cells)} |"


def _score(score: dict[str, float] | None) -> str:
    return f"{score['value']:.3f} [{score['low']:.2f}, {score['high']:.2f}]" if score else "-"


HEADER = Path(__file__).with_name("results_header.md")
RECORDS = Path(__file__).with_name("results")


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
        print("\n".join(table()))


if __name__ == "__main__":
    main()
