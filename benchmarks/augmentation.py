"""What augmentation is worth with little data: augmenters against no copies and against plain repeats.

    python benchmarks/augmentation.py run [--systems tfidf luthier/tiny] [--only waimai_zh ...]
                                          [--seeds 0 1 2] [--copies 2] [--output runs/augmentation]
    python benchmarks/augmentation.py table [--output runs/augmentation]

Of three public sets 200 training and 100 validation records are drawn, others for each seed; every augmenter
makes copies of the 200. TF-IDF + logistic regression learns from all of them; a base model is fine-tuned in
full for the same number of steps whatever the number of copies, so that more copies are not more training.
`repeated` is the control: as many copies, none of them changed. What they do, they do by their number alone.
What has a record in --output is not repeated, and the table is made from the records, so the work may be
interrupted and spread over days. The data lie in LUTHIER_DATA (default ../shared/data).
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from public_data import QUEUE, TASTE, restaurant, sst2, waimai, write

SETS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "sst2_en": sst2,
    "waimai_zh": waimai,
    "restaurant_zh.taste": restaurant(TASTE, QUEUE, 500),
}
NONE, REPEATED = "none", "repeated"
AUGMENTERS = (NONE, REPEATED, "synonyms", "noise", "reorder", "syntax", "language-oriented")
TFIDF = "tfidf"
TRAIN, VALIDATION = 200, 100
TRAINING = {"steps": 200, "batch_size": 16, "evaluate_every": 20}
"""Validation chooses among as many weights, too, however long an epoch is."""


def run(
    systems: list[str], names: list[str], augmenters: list[str], seeds: list[int], copies: int, output: Path
) -> None:
    """Measures what has no record yet, one seed of everything before the next."""
    from luthier.cli.common import start_messages
    from luthier.files import write_json

    start_messages()
    for seed, system, name, augmenter in itertools.product(seeds, systems, names, augmenters):
        record = output / name / _label(system) / f"{augmenter}.{seed}.json"
        if record.exists():
            continue
        values = recipe(name, augmenter, seed, copies, (output / "inputs" / name / str(seed)).resolve())
        measured = linear(values) if system == TFIDF else tuned(values, system, record.with_suffix(""))
        write_json(record, measured)
        print(f"{name} {system} {augmenter} seed {seed}: {measured}", flush=True)


def recipe(name: str, augmenter: str, seed: int, copies: int, folder: Path) -> dict[str, Any]:
    """Returns the sections of a recipe over a small part of a set."""
    values = SETS[name](folder)
    with Path(values["data"]["train"]).open(encoding="utf-8") as stream:
        drawn = [json.loads(line) for line in random.Random(seed).sample(list(stream), TRAIN + VALIDATION)]
    tests = values["data"]["test"]
    values["data"] = {
        "train": write(folder / "few.jsonl", drawn[:TRAIN]),
        "validation": write(folder / "validation.jsonl", drawn[TRAIN:]),
        "test": {"id": tests["id"] if isinstance(tests, dict) else tests},
        "duplicates": "report",  # the control has nothing else
    }
    if augmenter == REPEATED:
        again = [
            {**row, "id": f"{n}.{time}"} for time in range(1 + copies) for n, row in enumerate(drawn[:TRAIN])
        ]
        values["data"]["train"] = write(folder / "repeated.jsonl", again)
    elif augmenter != NONE:
        values["data"]["augment"] = [{"type": augmenter, "copies": copies}]
    return {**values, "training": TRAINING, "evaluation": {"baselines": []}, "seed": seed}


def linear(values: dict[str, Any]) -> dict[str, Any]:
    """Scores TF-IDF on the test set; returns metric, value and how many records it learnt from."""
    from luthier.data import enlarge, load_splits
    from luthier.evaluation import evaluate, fit_baselines
    from luthier.experiment.recipe import Recipe

    made = Recipe.model_validate(values)
    splits = load_splits(made.data, made.task, base_dir=Path.cwd(), seed=made.seed)
    splits = enlarge(splits, made.data.augment, made.task, made.seed)
    (baseline,) = fit_baselines([TFIDF], made.task, splits.training, made.seed)
    test = splits.tests["id"]
    predictions = baseline.predict(test.task, test.examples)
    options = made.evaluation.model_copy(update={"bootstrap": 0})
    scores = evaluate(test.task, test.examples, predictions, options, made.seed)
    metric = made.task.primary_metric
    return {"metric": metric, "value": scores.metrics[metric].value, "records": len(splits.training)}


def tuned(values: dict[str, Any], model: str, folder: Path) -> dict[str, Any]:
    """Fine-tunes a base model in full and scores it on the test set."""
    import luthier
    from luthier.files import read_jsonl

    shutil.rmtree(folder, ignore_errors=True)  # what an interrupted call left
    made = luthier.Recipe.model_validate(
        {**values, "model": model, "method": {"type": "full"}, "output": str(folder)}
    )
    metrics = luthier.run(made).metrics
    files = (folder / "data" / name for name in ("train.jsonl", "augmented.jsonl"))
    records = sum(1 for file in files if file.exists() for _ in read_jsonl(file))
    shutil.rmtree(folder)  # weights are many times the size of the record
    metric = metrics["primary"]
    return {"metric": metric, "value": metrics["test/id"][metric]["value"], "records": records}


def _label(system: str) -> str:
    return system.strip("/").replace("/", "-")


def table(output: Path) -> Iterator[str]:
    """Yields a table: mean and standard deviation over seeds, in points, and the gain of each seed over none.

    Each seed has its own 200 records, so gains are taken seed by seed before they are averaged.
    """
    yield "| data | metric | system | copies by | records | score | gain over none | seeds |"
    yield "|---|---|---|---|---|---|---|---|"
    for name in SETS:
        for folder in sorted(path for path in (output / name).glob("*") if path.is_dir()):
            found = {augmenter: _records(folder, augmenter) for augmenter in AUGMENTERS}
            for augmenter, records in found.items():
                if not records:
                    continue
                values = [100 * record["value"] for record in records.values()]
                gains = [
                    100 * (record["value"] - found[NONE][seed]["value"])
                    for seed, record in records.items()
                    if seed in found[NONE]
                ]
                gain = "" if augmenter == NONE or not gains else _spread(gains, "+.1f")
                first = next(iter(records.values()))
                size = mean(record["records"] for record in records.values())
                yield (
                    f"| {name} | {first['metric']} | {folder.name} | {augmenter} | {size:.0f}"
                    f" | {_spread(values)} | {gain} | {len(values)} |"
                )


def _records(folder: Path, augmenter: str) -> dict[str, dict[str, Any]]:
    """Returns the records of one augmenter by seed."""
    return {
        path.stem.rpartition(".")[2]: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob(f"{augmenter}.*.json"))
    }


def _spread(values: list[float], form: str = ".1f") -> str:
    return f"{mean(values):{form}}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["run", "table"])
    parser.add_argument("--systems", nargs="+", default=[TFIDF, "luthier/tiny"])
    parser.add_argument("--only", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--augmenters", nargs="+", choices=AUGMENTERS, default=list(AUGMENTERS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--copies", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("runs/augmentation"))
    given = parser.parse_args()
    if given.what == "run":
        run(given.systems, given.only, given.augmenters, given.seeds, given.copies, given.output)
    else:
        print("\n".join(table(given.output)))


if __name__ == "__main__":
    main()
