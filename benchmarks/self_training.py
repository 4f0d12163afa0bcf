"""Gold alone against self-training on real sets with few labels and much text.

    python benchmarks/self_training.py run [--only waimai_zh ...] [--systems tfidf ...] [--seeds 0 1 2]
    python benchmarks/self_training.py table

A system is who learns and who teaches: `tiny` and `tiny-by-tfidf` are recipes with luthier/tiny as the
student (teacher: model, teacher: tfidf); `tfidf` is a reference in which TF-IDF with logistic regression
teaches itself by the same calibration, selection and rounds. A seed draws gold, validation and the unlabelled
texts, and seeds the training; the test set stays.

Every finished run leaves a record in benchmarks/results/, from which the table is made; `run` skips what has
one. `--steps 5 --limit 200 --records DIR` tries the whole thing in minutes, into records of its own.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from public_data import DATA, rows, write

SYSTEMS = ("tfidf", "tiny-by-tfidf", "tiny")
RECORDS = Path(__file__).with_name("results")
ROUNDS = 5
SELF_TRAINING: dict[str, Any] = {"rounds": ROUNDS, "confidence": 0.8, "weight": 0.5}
STEPS = 400
"""Of every training of luthier/tiny."""

RESAMPLES = 10_000

Data = dict[str, Any]


def ecommerce(folder: Path, seed: int) -> Data:
    """Seed 0 has the set's own few-shot split; others draw train and validation anew from the two."""
    parts = ("train", "validation", "test", "unlabelled")
    files = {part: str(DATA / "ecommerce_fewshot_zh" / f"{part}.jsonl") for part in parts}
    if seed:
        gold = [row for part in parts[:2] for row in rows(f"ecommerce_fewshot_zh/{part}.jsonl")]
        random.Random(seed).shuffle(gold)
        half = len(gold) // 2
        files["train"] = write(folder / "train.jsonl", gold[:half])
        files["validation"] = write(folder / "validation.jsonl", gold[half:])
    return {
        "task": {"type": "classification", "language": "zh", "labels": ["正面", "负面"]},
        "data": files,
    }


def waimai(folder: Path, seed: int) -> Data:
    with (DATA / "waimai_zh/waimai_10k.csv").open(encoding="utf-8-sig", newline="") as stream:
        found = {
            row["review"]: {"text": row["review"], "label": {"1": "正面", "0": "负面"}[row["label"]]}
            for row in csv.DictReader(stream)
            if row["review"].strip()
        }
    # The order of the file is by label; one review of three is positive.
    records = random.Random(0).sample(list(found.values()), len(found))
    return {
        "task": {"type": "classification", "language": "zh", "labels": ["正面", "负面"]},
        "data": _drawn(folder, records[2000:], records[:2000], 100, seed),
    }


def sst2(folder: Path, seed: int) -> Data:
    return {
        "task": {"type": "classification", "language": "en", "labels": ["positive", "negative"]},
        "data": _drawn(folder, rows("sst2_en/train.jsonl"), rows("sst2_en/test.jsonl"), 200, seed),
    }


SETS: dict[str, Callable[[Path, int], Data]] = {
    "ecommerce_fewshot_zh": ecommerce,
    "waimai_zh": waimai,
    "sst2_en": sst2,
}


def _drawn(folder: Path, pool: Sequence[Data], test: Sequence[Data], gold: int, seed: int) -> dict[str, str]:
    """Draws gold and as much validation; the rest is unlabelled, its labels kept for the report alone."""
    drawn = random.Random(seed).sample(list(pool), len(pool))
    parts = {
        "train": drawn[:gold],
        "validation": drawn[gold : 2 * gold],
        "unlabelled": drawn[2 * gold :],
        "test": list(test),
    }
    return {name: write(folder / f"{name}.jsonl", part) for name, part in parts.items()}


def run(arguments: argparse.Namespace) -> None:
    """Runs every job that has no record yet."""
    from luthier.cli.common import start_messages

    start_messages()
    for name, system, seed in itertools.product(arguments.only, arguments.systems, arguments.seeds):
        path = arguments.records / f"self_training.{name}.{system}.{seed}.json"
        if path.exists():
            continue
        print(f"== {name} {system} seed {seed}", flush=True)
        folder = (arguments.output / f"{name}.{system}.{seed}").resolve()
        shutil.rmtree(folder, ignore_errors=True)  # what an interrupted call left
        values = SETS[name](folder / "inputs", seed)
        if system == "tfidf":
            done = by_tfidf(values, seed, folder)
        else:
            done = by_recipe(values, system, seed, folder, arguments)
        arguments.records.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"set": name, "system": system, "seed": seed, **done}, ensure_ascii=False, indent=1)
        path.write_text(text + "\n", encoding="utf-8")
        print(f"   {done['gold_only']:.3f} -> {done['score']:.3f} (round {done['kept']})", flush=True)


def by_recipe(
    values: Data, system: str, seed: int, folder: Path, arguments: argparse.Namespace
) -> dict[str, Any]:
    """Runs a recipe with luthier/tiny as the student."""
    import luthier
    from luthier.experiment.folder import RunFolder
    from luthier.experiment.recipe import to_yaml
    from luthier.inference import Prediction

    teacher = "tfidf" if system == "tiny-by-tfidf" else "model"
    # Steps, not epochs: a student has many times the rows of the gold-only model, and no more to learn from.
    training: Data = {"steps": arguments.steps or STEPS, "evaluate_every": min(100, arguments.steps or STEPS)}
    recipe = values | {
        "model": "luthier/tiny",
        "method": {"type": "full"},
        "training": training,
        "self_training": SELF_TRAINING | {"teacher": teacher, "limit": arguments.limit},
        "evaluation": {"baselines": []},
        "output": str(folder / "run"),
        "seed": seed,
    }
    path = folder / "recipe.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_yaml(recipe), encoding="utf-8")
    done = luthier.run(path)
    kept: RunFolder = done.folder
    gold = kept.load_examples("id")
    ours = kept.load_predictions("id")
    before = kept.gold_only_predictions("id")
    theirs = ours
    if before.exists():
        with before.open(encoding="utf-8") as stream:
            theirs = [Prediction.from_row(json.loads(line)) for line in stream]
    found = done.metrics["self_training"]
    manifest = kept.read(kept.manifest)
    return {
        **_record(gold, theirs, ours),
        "kept": found["kept"],
        "rounds": [_of_round(item) for item in found["rounds"]],
        "left_out": found["left_out"],
        "model": manifest["model"],
        "hardware": manifest["hardware"],
        "versions": manifest["versions"],
    }


def by_tfidf(values: Data, seed: int, folder: Path) -> dict[str, Any]:
    """Lets TF-IDF with logistic regression teach itself, by the parts that a recipe's run is made of."""
    from luthier.data import DataOptions, Examples, load_splits, unseen
    from luthier.evaluation import EvaluationOptions, evaluate, fit_calibration
    from luthier.evaluation.baselines import Tfidf
    from luthier.experiment.manifest import hardware
    from luthier.experiment.recipe import Recipe
    from luthier.experiment.self_training.options import SelfTrainingOptions
    from luthier.experiment.self_training.pseudo import Labelling, classes, describe, students_examples
    from luthier.experiment.self_training.rounds import Round, run_rounds

    recipe = Recipe.model_validate({"task": values["task"], "data": values["data"]})
    task, options = recipe.task, SelfTrainingOptions(**SELF_TRAINING)
    splits = load_splits(DataOptions(**values["data"]), task, base_dir=Path.cwd(), seed=seed)
    test = splits.tests["id"].examples
    sets = {"train": splits.train, "validation": splits.validation, "test/id": test}
    assert splits.unlabelled is not None
    kept, left_out = unseen(splits.unlabelled, sets)
    pool = splits.unlabelled.select(kept)
    teachers = [Tfidf(task, splits.train, seed)]

    def measured(number: int, facts: dict[str, Any]) -> Round:
        found = teachers[number].predict(task, splits.validation)
        scores = evaluate(task, splits.validation, found, EvaluationOptions(bootstrap=0))
        return Round(number, scores.metrics[task.primary_metric].value, facts)

    def teach(number: int) -> Round:
        teacher = teachers[number - 1]
        calibration = fit_calibration(task, splits.validation, teacher.predict(task, splits.validation))
        path = folder / f"round-{number}.jsonl"
        labelling = Labelling(task, calibration, options.selection, classes(task, splits.train))
        labelling.write(path, pool, teacher.predict(task, pool))
        facts = describe(task, pool, path, None)
        if not facts["selected"]:
            return Round(number, None, facts)
        examples = Examples.of(students_examples(splits.train, pool, path, options.weight))
        teachers.append(Tfidf(task, examples, seed))
        return measured(number, facts)

    rounds, best = run_rounds(measured(0, {}), teach, options.rounds)
    theirs, ours = (teachers[number].predict(task, test) for number in (0, best.number))
    return {
        **_record(list(test), theirs, ours),
        "kept": best.number,
        "rounds": [_of_round({"number": item.number, "score": item.score, **item.facts}) for item in rounds],
        "left_out": len(left_out),
        "hardware": hardware(),
    }


def _record(gold: Sequence[Any], theirs: Sequence[Any], ours: Sequence[Any]) -> dict[str, Any]:
    """Keeps which test records each system has right, as a line of ones and zeros."""
    lines = {
        name: "".join("01"[said.value == true.target] for true, said in zip(gold, found, strict=True))
        for name, found in (("gold_only_right", theirs), ("right", ours))
    }
    share = {name: line.count("1") / len(line) for name, line in lines.items()}
    return {"n": len(gold), "gold_only": share["gold_only_right"], "score": share["right"], **lines}


def _of_round(item: dict[str, Any]) -> dict[str, Any]:
    keys = ("number", "score", "labelled", "selected", "right", "classes")
    return {key: item[key] for key in keys if key in item}


def table(records: Path) -> Iterator[str]:
    """Yields the table from the records, a row a set and system."""
    heads = ("data", "system", "seeds", "gold alone", "self-training", "gain [95% interval]", "p")
    yield f"| {' | '.join((*heads, 'round kept', 'pseudo-labels'))} |"
    yield f"|{'---|' * (len(heads) + 2)}"
    for name, system in itertools.product(SETS, SYSTEMS):
        paths = sorted(records.glob(f"self_training.{name}.{system}.*.json"))
        found = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
        if not found:
            continue
        before, after = (_marks(found, key) for key in ("gold_only_right", "right"))
        gain, low, high, p = paired(after - before)
        taken = [item["rounds"][item["kept"]].get("selected", 0) for item in found]
        cells = [
            name,
            system,
            str(len(found)),
            _spread(before),
            _spread(after),
            f"{gain:+.3f} [{low:+.3f}, {high:+.3f}]",
            "< 0.001" if p < 0.001 else f"{p:.3f}",
            ", ".join(str(item["kept"]) for item in found),
            ", ".join(f"{count:,}" for count in taken),
        ]
        yield f"| {' | '.join(cells)} |"


def _marks(found: Sequence[dict[str, Any]], key: str) -> np.ndarray:
    """Returns right and wrong as numbers, shape (seeds, test records)."""
    return np.array([[int(mark) for mark in item[key]] for item in found], dtype=np.float64)


def _spread(marks: np.ndarray) -> str:
    by_seed = marks.mean(axis=1)
    return f"{by_seed.mean():.3f} ({', '.join(f'{value:.3f}' for value in by_seed)})"


def paired(differences: np.ndarray) -> tuple[float, float, float, float]:
    """Returns the mean gain, its 95% bootstrap interval and a two-sided p value by sign flips.

    Records are drawn, and flipped, with all seeds together: three trainings see the same test records, which
    are no more of them for that.

    Args:
        differences: Self-training minus gold alone, shape (seeds, test records).
    """
    gains = differences.mean(axis=0)
    generator = np.random.default_rng(0)
    value = gains.mean()
    means, flipped = [], []
    for _ in range(RESAMPLES):
        means.append(gains[generator.integers(0, len(gains), len(gains))].mean())
        flipped.append((gains * generator.choice((-1, 1), len(gains))).mean())
    low, high = np.percentile(means, [2.5, 97.5])
    p = (1 + (np.abs(flipped) >= abs(value) - 1e-12).sum()) / (1 + RESAMPLES)
    return float(value), float(low), float(high), float(p)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["run", "table"])
    parser.add_argument("--only", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--output", type=Path, default=Path("runs/self_training"))
    parser.add_argument("--records", type=Path, default=RECORDS)
    parser.add_argument("--steps", type=int, help="Optimizer steps of every training, to try things out.")
    parser.add_argument("--limit", type=int, help="Unlabelled texts, to try things out.")
    arguments = parser.parse_args()
    if arguments.what == "run":
        run(arguments)
    else:
        print("\n".join(table(arguments.records)))


if __name__ == "__main__":
    main()
