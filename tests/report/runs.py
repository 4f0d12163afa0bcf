"""Writes a run's folder as `luthier run` leaves it, without training anything."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from luthier.data import Examples
from luthier.design import Deviation, DeviationKind, Segment
from luthier.evaluation import EvaluationOptions, compare, evaluate
from luthier.experiment.folder import FINE_TUNED, RunFolder
from luthier.experiment.recipe import to_yaml
from luthier.files import write_json, write_jsonl
from luthier.inference.prediction import Prediction
from luthier.models import EncodeReport
from luthier.tasks import Aspects, Classification, Entity, Example, Extraction, Generation, Task

Tests = Mapping[str, tuple[Task, Sequence[Example], Mapping[str, Sequence[Prediction]]]]
"""Test set to its task, examples, and each system's predictions, the fine-tuned model's among them."""

HISTORY = [
    {
        "step": 5,
        "epoch": 0.5,
        "seconds": 2.0,
        "loss": 2.4,
        "learning_rate": 1e-3,
        "eval_loss": None,
        "metrics": {},
    },
    {
        "step": 10,
        "epoch": 1.0,
        "seconds": 4.0,
        "loss": 1.6,
        "learning_rate": 8e-4,
        "eval_loss": None,
        "metrics": {},
    },
    {"step": 10, "epoch": 1.0, "seconds": 5.0, "eval_loss": 1.5, "metrics": {"kappa": 0.4}},
    {
        "step": 20,
        "epoch": 2.0,
        "seconds": 9.0,
        "loss": 1.1,
        "learning_rate": 5e-4,
        "eval_loss": None,
        "metrics": {},
    },
    {"step": 20, "epoch": 2.0, "seconds": 10.0, "eval_loss": 1.2, "metrics": {"kappa": 0.61}},
    {
        "step": 30,
        "epoch": 3.0,
        "seconds": 14.0,
        "loss": 0.8,
        "learning_rate": 1e-4,
        "eval_loss": None,
        "metrics": {},
    },
    {"step": 30, "epoch": 3.0, "seconds": 15.0, "eval_loss": 1.3, "metrics": {"kappa": 0.58}},
]

LEAK = {
    "held_out": "test/id",
    "id": "t-0",
    "origin": "test.jsonl:1",
    "seen_in": "train",
    "seen_id": "a-7",
    "seen_origin": "train.jsonl:8",
    "similarity": 1.0,
    "text": "The soup was cold.",
}


def write(
    path: Path,
    task: Task,
    tests: Tests,
    *,
    train: Sequence[Example] = (),
    validation: Sequence[Example] = (),
    history: Sequence[Mapping[str, Any]] = HISTORY,
    resamples: int = 50,
) -> RunFolder:
    """Writes the folder; scores come from the evaluation room, so their shapes are the real ones."""
    folder = RunFolder(path)
    for name, (_, examples, systems) in tests.items():
        write_jsonl(folder.gold(name), Examples.of(examples).to_records())
        for system, predictions in systems.items():
            folder.save_predictions(name, predictions, system)
    for name, split in (("train", train), ("validation", validation)):
        write_jsonl(folder.data / f"{name}.jsonl", Examples.of(split).to_records())
    write_json(folder.metrics, _metrics(task, tests, resamples))
    write_json(folder.history, list(history))
    write_jsonl(folder.samples, [_sample(task, example) for example in train])
    write_json(folder.manifest, _manifest(bool(validation)))
    write_json(folder.data / "report.json", _data_report(tests))
    row = {"stage": "clean", "reason": "empty", "id": "a-9", "record": {"id": "a-9", "text": "<br>"}}
    write_jsonl(folder.data / "dropped.jsonl", [row])
    recipe = {
        "task": task.model_dump(mode="json", exclude_none=True),
        "data": {"train": "gone/train.jsonl", "validation": 0.1},
        "model": {"name": "luthier/tiny"},
        "method": {"type": "lora", "rank": 8, "alpha": 32, "dora": False, "targets": ["q_proj"]},
        "evaluation": {"confidence": 0.95},
        "seed": 7,
    }
    folder.recipe.write_text(to_yaml(recipe), encoding="utf-8")
    return folder


def _metrics(task: Task, tests: Tests, resamples: int) -> dict[str, Any]:
    options = EvaluationOptions(bootstrap=resamples)
    result: dict[str, Any] = {
        "primary": task.primary_metric,
        "details": {},
        "baselines": {},
        "comparisons": {},
    }
    for name, (own, examples, systems) in tests.items():
        key = f"test/{name}"
        scores = evaluate(own, examples, systems[FINE_TUNED], options).to_json()
        result[key] = scores.pop("metrics")
        result["details"][key] = scores
        result["comparisons"][key] = {}
        for system, predictions in systems.items():
            if system == FINE_TUNED:
                continue
            result["baselines"].setdefault(system, {})[key] = evaluate(
                own, examples, predictions, options
            ).to_json()
            found = compare(own, examples, systems[FINE_TUNED], predictions, options)
            result["comparisons"][key][system] = {metric: item.to_json() for metric, item in found.items()}
    return result


def _manifest(validated: bool) -> dict[str, Any]:
    return {
        "identity": "ab" * 32,
        "started": "2026-01-02T03:04:05+00:00",
        "finished": "2026-01-02T03:08:05+00:00",
        "command": ["/somewhere/bin/luthier", "run", "recipe.yaml", "--set", "training.epochs=5"],
        "versions": {"luthier": "0.1.0", "torch": "2.13.0"},
        "recipe": "cd" * 32,
        "inputs": {"/somewhere/train.jsonl": "ef" * 32},
        "model": {"name": "luthier/tiny", "sha256": "01" * 32},
        "design": "23" * 32,
        "hardware": {
            "processor": "A CPU",
            "cores": 2,
            "memory_bytes": 8 * 2**30,
            "gpus": [],
            "platform": "Linux",
        },
        "seconds": {"data": 0.8, "zero-shot": 40.0, "training": 180.0, "predictions": 21.0, "scores": 3.2},
        "training": {
            "trainable_parameters": 123_456,
            "total_parameters": 7_654_321,
            "trainable_share": 123_456 / 7_654_321,
            "steps": 30,
            "best_step": 20 if validated else 30,
            "best_metric": "loss" if validated else "",
            "samples_per_second": 24.5,
            "tokens_per_second": 3456.0,
            "peak_memory_bytes": 900 * 2**20,
            "engine": {
                "necessary_flops": 6.0e12,
                "plain_flops": 3.0e13,
                "savings": {"padding": 0.05, "shared": 0.5, "unasked": 0.25, "trunk": 0.0},
                "seconds": 120.0,
                "peak_flops_per_second": 2.0e11,
                "flops_per_second": 5.0e10,
                "utilisation": 0.25,
                "necessary_share": 0.2,
            },
        },
        "encoded": {
            "train": asdict(EncodeReport(252, 61_000, 6_900, 412, 0, [], {"a-3": 120})),
            "validation": asdict(EncodeReport(28, 6_500, 800, 390)),
        },
    }


def _data_report(tests: Tests) -> dict[str, Any]:
    read = {"train": 280, **{f"test/{name}": len(examples) for name, (_, examples, _) in tests.items()}}
    return {
        "files": {"train": {"source": "train.jsonl", "records": 280, "ignored_columns": {"stars": 280}}},
        "counts": {
            "read": read,
            "split": {"train": 252, "validation": 28, "kept together as near duplicates": 4},
            "leak": {"test/id, equal": 1} if tests else {},
        },
        "leaks": [LEAK] if tests else [],
        "dropped": {"clean, empty": 1, "duplicates, near": 2},
        "cleaned": {
            "train": {
                "read": 281,
                "kept": 280,
                "touched": 1,
                "changed": {"html": 1},
                "dropped": {"empty": 1},
                "shown": {
                    "html": [{"id": "a-1", "origin": "a:1", "before": "<b>tea</b>", "after": "tea"}],
                    "empty": [{"id": "a-9", "origin": "a:9", "before": "<br>", "after": ""}],
                },
            },
            "test/id": {"read": 3, "kept": 3, "touched": 0, "changed": {}, "dropped": {}, "shown": {}},
        },
        "conflicts": [
            {
                "text": "The tea was fine.",
                "records": [
                    {"split": "train", "id": "a-2", "origin": "a:2", "target": {"food": "positive"}},
                    {"split": "train", "id": "a-3", "origin": "a:3", "target": {}},
                ],
            }
        ],
    }


def _sample(task: Task, example: Example) -> dict[str, Any]:
    answer = "\n".join(
        f"{name}: {', '.join(v)}" if name else ", ".join(v) for name, v in task.answer(example).items()
    )
    segments = [
        Segment("Which sentiment has each aspect?\n\n", "instruction"),
        Segment(example.text, "input"),
        Segment("\n\n", "template"),
        Segment(answer, "answer", True),
        Segment("<|end|>", "end", True),
    ]
    return {
        "id": example.id,
        "tokens": len(example.text) // 3 + 30,
        "supervised_tokens": len(answer) // 3 + 1,
        "segments": [asdict(segment) for segment in segments],
    }


def guess(
    task: Task, examples: Sequence[Example], error: float, seed: int, *, text: bool = True
) -> list[Prediction]:
    """Makes predictions, a share `error` of the fields wrong; `text` says whether a model wrote them."""
    generator = random.Random(seed)
    return [_guess(task, example, error, generator, text) for example in examples]


def _guess(task: Task, example: Example, error: float, generator: random.Random, text: bool) -> Prediction:
    value, probabilities = _value(task, example, error, generator)
    prediction = Prediction(
        example.id, value, confidence=round(generator.uniform(0.4, 1), 4), probabilities=probabilities
    )
    if not text:
        return prediction
    # Only what stands in the text can be written as an answer.
    shown = tuple(e for e in value if e.start >= 0) if isinstance(task, Extraction) else value
    answer = task.answer(replace(example, target=shown)) if shown else {}
    written = "\n".join(f"{name}: {', '.join(v)}" if name else ", ".join(v) for name, v in answer.items())
    deviations = ()
    if generator.random() < 0.15:
        kind = generator.choice(
            [DeviationKind.PUNCTUATION, DeviationKind.OTHER_WORDS, DeviationKind.SECOND_LABEL]
        )
        deviations = (Deviation(kind, written[:12]),)
    return replace(prediction, text=written, deviations=deviations)


def _value(
    task: Task, example: Example, error: float, generator: random.Random
) -> tuple[Any, dict[str, Any]]:
    wrong = lambda: generator.random() < error  # noqa: E731
    if isinstance(task, Aspects):
        words = (*task.labels, task.unmentioned)
        found, chances = {}, {}
        for aspect in task.aspects:
            said = (
                generator.choice(words)
                if wrong()
                else dict(example.target or {}).get(aspect, task.unmentioned)
            )
            chances[aspect] = {word: 0.85 if word == said else 0.15 / (len(words) - 1) for word in words}
            if said != task.unmentioned:
                found[aspect] = said
        return found, chances
    if isinstance(task, Classification):
        if task.multi_label:
            return tuple(label for label in task.labels if (label in example.target) != wrong()), {}
        said = generator.choice(task.labels) if wrong() else example.target
        rest = 0.3 / (len(task.labels) - 1)
        return said, {"": {label: 0.7 if label == said else rest for label in task.labels}}
    if isinstance(task, Extraction):
        kept = [entity for entity in example.target if not wrong()]
        if wrong() and len(example.text) > 6:
            kept.append(Entity(2, 6, task.types[0], example.text[2:6]))
        if wrong():
            kept.append(Entity(-1, -1, task.types[-1], "Atlantis"))
        return tuple(sorted(kept)), {}
    assert isinstance(task, Generation)
    words = example.target.split() if " " in example.target else list(example.target)
    glue = " " if " " in example.target else ""
    return glue.join(word for word in words if not wrong()), {}
