"""How many labels that were made wrong on purpose the wrong-label list finds.

    python -m benchmarks.mislabelled            # both sets, seeds 0 to 2: a few minutes
    python -m benchmarks.mislabelled --seeds 1 --sets waimai_zh

8% of the records get one wrong label, by seed: waimai_zh the other of its two labels; mams_en, in one of the
aspects that the sentence mentions, another of its four classes ("not mentioned" among them); cluener_zh, for
one entity, another type or none. The list is then read from its top, to 12% of the records. The sets have
wrong labels of their own, which count here as wrong finds.
"""

from __future__ import annotations

import argparse
import csv
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from benchmarks.public_data import DATA, rows

from luthier.data.mislabelled import Suspect
from luthier.experiment.mislabelled import find_wrong_labels
from luthier.tasks import Aspects, Classification, Entity, Example, Extraction, Task

FLIPPED = 0.08
TOP = 0.12


def waimai() -> tuple[Task, list[Example]]:
    with (DATA / "waimai_zh/waimai_10k.csv").open(encoding="utf-8-sig", newline="") as stream:
        found = [
            Example(str(number), row["review"], ("负面", "正面")[int(row["label"])])
            for number, row in enumerate(csv.DictReader(stream))
        ]
    return Classification(labels=("正面", "负面"), language="zh"), found


def mams() -> tuple[Task, list[Example]]:
    records = rows("mams_en/train.jsonl")
    aspects = sorted({aspect for row in records for aspect in row["aspects"]})
    task = Aspects(aspects=tuple(aspects))
    return task, [task.example(row, id=row["id"]) for row in records]


def cluener() -> tuple[Task, list[Example]]:
    records = rows("cluener_zh/train.jsonl")
    types = sorted({entity["type"] for row in records for entity in row["entities"]})
    task = Extraction(types=tuple(types), language="zh")
    return task, [task.example(row, id=str(number)) for number, row in enumerate(records)]


def spoil(task: Task, example: Example, generator: random.Random) -> Example:
    """Makes one label wrong."""
    target = example.target
    if isinstance(task, Classification):
        return replace(example, target=generator.choice([name for name in task.labels if name != target]))
    if isinstance(task, Aspects):
        assert isinstance(target, dict)
        aspect = generator.choice(list(target))
        label = generator.choice([name for name in (*task.labels, None) if name != target[aspect]])
        changed = {**target, aspect: label}
        return replace(example, target={name: said for name, said in changed.items() if said is not None})
    assert isinstance(task, Extraction)
    assert isinstance(target, tuple)
    entities = [item for item in target if isinstance(item, Entity)]
    wrong = entities.pop(generator.randrange(len(entities)))
    kind = generator.choice([name for name in (*task.types, None) if name != wrong.type])
    if kind is not None:
        entities.append(replace(wrong, type=kind))
    return replace(example, target=tuple(sorted(entities)))


def measure(task: Task, examples: list[Example], seed: int) -> dict[str, float]:
    """Spoils, searches, and compares the top of the list with what was spoilt."""
    generator = random.Random(seed)
    can_be = [number for number, example in enumerate(examples) if example.target]
    flipped = set(generator.sample(can_be, round(FLIPPED * len(examples))))
    spoilt = [
        spoil(task, example, generator) if number in flipped else example
        for number, example in enumerate(examples)
    ]
    started = time.perf_counter()
    found = find_wrong_labels(task, spoilt, seed=seed)
    seconds = time.perf_counter() - started
    return score(found, spoilt, examples, {examples[number].id for number in flipped}) | {"seconds": seconds}


def score(
    found: list[Suspect], spoilt: list[Example], clean: list[Example], flipped: set[str]
) -> dict[str, float]:
    top = found[: round(TOP * len(spoilt))]
    hits = [item for item in top if item.example.id in flipped]
    true = {example.id: example.target for example in clean}
    return {
        "examples": len(spoilt),
        "flipped": len(flipped),
        "listed": len(found),
        "in the top": len(top),
        "recall": len(hits) / len(flipped),
        "precision": len(hits) / max(len(top), 1),
        "right suggestion": sum(item.suggested == true[item.example.id] for item in hits) / max(len(hits), 1),
    }


SETS: dict[str, Callable[[], tuple[Task, list[Example]]]] = {
    "waimai_zh": waimai,
    "mams_en": mams,
    "cluener_zh": cluener,
}


def lines(names: list[str], seeds: int) -> Iterator[str]:
    columns = ["listed", "in the top", "recall", "precision", "right suggestion", "seconds"]
    yield " | ".join(["| set", "seed", "examples", "flipped", *columns, ""]).rstrip()
    yield "| --- " * (len(columns) + 4) + "|"
    for name in names:
        task, examples = SETS[name]()
        for seed in range(seeds):
            found = measure(task, examples, seed)
            cells = [f"{found[key]:.3f}" if found[key] <= 1 else f"{found[key]:.0f}" for key in columns]
            yield f"| {name} | {seed} | {found['examples']} | {found['flipped']} | {' | '.join(cells)} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", choices=SETS, default=["waimai_zh", "mams_en", "cluener_zh"])
    parser.add_argument("--seeds", type=int, default=3, help="seeds 0, 1, ...")
    options = parser.parse_args()
    for line in lines(options.sets, options.seeds):
        print(line, flush=True)
