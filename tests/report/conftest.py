from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from tests.report import runs

from luthier.experiment.folder import FINE_TUNED, RunFolder
from luthier.report import write_report
from luthier.tasks import Aspects, Classification, Entity, Example, Extraction, Generation, Task

KINDS = ("single", "pair", "multi", "aspects", "extraction", "generation")

Make = Callable[..., RunFolder]

_TEXTS = {
    "en": [
        "The soup was cold, but what a view.",
        "Cheap & <b>cheerful</b>.",
        "Ada met Alan in Rome.",
        "We waited an hour.",
    ],
    "zh": ["汤是凉的，但景色真美。", "便宜又<b>实惠</b>。", "艾达在罗马见到了艾伦。", "等了一个小时。"],
}


def task_of(kind: str, language: str = "en") -> Task:
    labels = ("正面", "中性", "负面") if language == "zh" else ("positive", "neutral", "negative")
    match kind:
        case "aspects":
            return Aspects(
                language=language, aspects=("菜品", "服务") if language == "zh" else ("food", "service")
            )
        case "extraction":
            return Extraction(
                language=language, types=("人名", "地点") if language == "zh" else ("PER", "LOC")
            )
        case "generation":
            return Generation(language=language)
        case _:
            return Classification(
                language=language, labels=labels, multi_label=kind == "multi", pair=kind == "pair"
            )


def examples_of(task: Task, count: int = 12) -> list[Example]:
    return [_example(task, number) for number in range(count)]


def _example(task: Task, number: int) -> Example:
    text = _TEXTS[task.language][number % 4]
    pair = None
    if isinstance(task, Aspects):
        target = {
            aspect: task.labels[(number + at) % 3]
            for at, aspect in enumerate(task.aspects)
            if (number + at) % 4
        }
    elif isinstance(task, Extraction):
        target = (Entity(0, 3, task.types[0], text[:3]), Entity(1, 2, task.types[1], text[1:2]))
    elif isinstance(task, Generation):
        target = f"{text} {number}"
    elif task.multi_label:
        target = task.labels[: number % 3]
    else:
        target, pair = task.labels[number % 3], _TEXTS[task.language][-1] if task.pair else None
    return Example(f"t-{number}", text, target, pair, origin=f"test.jsonl:{number + 1}")


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a run's folder of a kind of task."""

    def build(
        kind: str, language: str = "en", *, test: bool = True, validation: bool = True, baselines: bool = True
    ) -> RunFolder:
        task = task_of(kind, language)
        examples = examples_of(task)
        systems = {FINE_TUNED: runs.guess(task, examples, 0.3, 1)}
        if baselines:
            systems["majority"] = runs.guess(task, examples, 0.6, 2, text=False)
            systems["zero-shot"] = runs.guess(task, examples, 0.8, 3)
        history = runs.HISTORY if validation else [row for row in runs.HISTORY if "loss" in row]
        return runs.write(
            tmp_path / f"{kind}-{language}",
            task,
            {"id": (task, examples, systems)} if test else {},
            train=examples,
            validation=examples[:3] if validation else (),
            history=history,
        )

    return build


def page_of(folder: RunFolder) -> str:
    return write_report(folder).read_text(encoding="utf-8")


def section_of(page: str, id: str) -> str:
    found = re.search(rf'<section id="{id}".*?</section>', page, re.DOTALL)
    assert found, f"there is no section {id}"
    return found[0]


def plain(html: str) -> str:
    """The text that a reader sees, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
