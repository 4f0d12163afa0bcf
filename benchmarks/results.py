"""Fine-tuned scores on public data beside TF-IDF and majority: what docs/results.md shows.

    python benchmarks/results.py run [--only waimai_zh ...] [--methods full lora] [--output runs/results]
    python benchmarks/results.py table > docs/results.md

Every finished run leaves a record in benchmarks/results/, from which the table is made, so the runs may be
spread over days and machines. `run` skips what has a record for the model's present weights. The data lie in
LUTHIER_DATA (default ../shared/data); nothing of them is copied into the repository.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cleaning import sizes_table
from public_data import (
    QUEUE,
    SEED,
    TASTE,
    cluener,
    mams,
    restaurant,
    scitldr,
    sst2,
    titles,
    trec,
    waimai,
)

METHODS: dict[str, dict[str, Any]] = {
    "full": {"type": "full"},
    "lora": {"type": "lora", "rank": 16, "alpha": 32},
}
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
    yield from _outdated(found)
    missing = [f"{name}.{method}" for name in JOBS for method in METHODS if (name, method) not in found]
    if missing:
        yield from ("", f"Not run yet: {', '.join(missing)}.")
    yield from ("", *CLEANING.read_text(encoding="utf-8").splitlines(), "", *sizes_table())


def _outdated(found: dict[tuple[str, str], Any]) -> Iterator[str]:
    """Says which runs had other weights than `luthier/tiny` has now."""
    from luthier.models import ModelOptions, fingerprint

    present = fingerprint(ModelOptions(name="luthier/tiny"))
    others = [".".join(job) for job, record in found.items() if record["model"]["sha256"] != present]
    if others:
        which = "All runs" if len(others) == len(found) else ", ".join(others)
        yield from ("", f"{which}: measured with earlier weights of `luthier/tiny`, see [its page](tiny.md).")


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
    if not score:
        return "-"
    # Adding 0 takes the sign from a zero.
    value, low, high = (
        round(score[key], digits) + 0.0 for key, digits in (("value", 3), ("low", 2), ("high", 2))
    )
    return f"{value:.3f} [{low:.2f}, {high:.2f}]"


HEADER = Path(__file__).with_name("results_header.md")
CLEANING = Path(__file__).with_name("results_cleaning.md")
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
