"""What the page is written from: the files of a run's folder, and nothing beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from luthier.experiment.folder import FINE_TUNED, RunFolder
from luthier.experiment.source import read_source
from luthier.files import read_jsonl
from luthier.inference.prediction import Prediction
from luthier.tasks.example import Example
from luthier.text import Language

_TEST = "test/"


@dataclass(frozen=True, slots=True)
class RunRecords:
    """A run's folder, read.

    Attributes:
        folder: Where the run stands.
        recipe: The resolved recipe as plain values. It is not validated: the data files that it names
            may be gone, and the report needs none of them.
        manifest: Versions, hashes, times.
        metrics: Every score.
        history: The learning curve; empty where the run has none.
        data: The data report; empty where the run has none.
    """

    folder: RunFolder
    recipe: Mapping[str, Any]
    manifest: Mapping[str, Any]
    metrics: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    data: Mapping[str, Any]

    @classmethod
    def read(cls, folder: RunFolder) -> RunRecords:
        """Reads the folder.

        Raises:
            UserError: Where recipe, manifest or metrics are missing or broken.
        """
        return cls(
            folder=folder,
            manifest=folder.read(folder.manifest),
            metrics=folder.read(folder.metrics),
            recipe=read_source(folder.recipe).values,
            history=_read_optional(folder.history, []),
            data=_read_optional(folder.data / "report.json", {}),
        )

    @property
    def task(self) -> Mapping[str, Any]:
        """The recipe's task."""
        task: Mapping[str, Any] = self.recipe["task"]
        return task

    @property
    def language(self) -> Language:
        """The language of the page."""
        return "zh" if self.task.get("language") == "zh" else "en"

    @property
    def primary(self) -> str:
        """The metric that the verdict looks at."""
        return str(self.metrics["primary"])

    @property
    def tests(self) -> list[str]:
        """Names of the test sets that were scored, in the recipe's order."""
        return [key.removeprefix(_TEST) for key in self.metrics if key.startswith(_TEST)]

    def systems(self, test: str) -> dict[str, Mapping[str, Any]]:
        """Returns what was scored on a test set: system to metrics and details, the fine-tuned first."""
        key = f"{_TEST}{test}"
        ours = {**self.metrics["details"][key], "metrics": self.metrics[key]}
        baselines = self.metrics["baselines"].items()
        return {FINE_TUNED: ours, **{name: scores[key] for name, scores in baselines if key in scores}}

    def best_baseline(self, test: str) -> str | None:
        """Returns the baseline with the highest primary metric on a test set; None where there is none."""
        values = {
            name: scores["metrics"][self.primary]["value"]
            for name, scores in self.systems(test).items()
            if name != FINE_TUNED and self.primary in scores["metrics"]
        }
        return max(values, key=lambda name: values[name]) if values else None

    def comparison(self, test: str, baseline: str) -> Mapping[str, Any] | None:
        """Returns the paired difference of fine-tuned and baseline on the primary metric, if there is one."""
        differences = self.metrics["comparisons"].get(f"{_TEST}{test}", {}).get(baseline, {})
        found: Mapping[str, Any] | None = differences.get(self.primary)
        return found

    def gold(self, test: str) -> list[Example]:
        """Returns the records of a test set as they were used."""
        origins = (row.get("origin", "") for row in read_jsonl(self.folder.gold(test)))
        examples = self.folder.load_examples(test)
        return [replace(example, origin=origin) for example, origin in zip(examples, origins, strict=True)]

    def predictions(self, test: str) -> dict[str, Prediction]:
        """Returns the fine-tuned model's predictions on a test set by id."""
        if not self.folder.predictions(test).exists():
            return {}
        return {prediction.id: prediction for prediction in self.folder.load_predictions(test)}

    def samples(self, limit: int) -> list[dict[str, Any]]:
        """Returns the first rendered samples."""
        path = self.folder.samples
        return list(islice(read_jsonl(path), limit)) if path.exists() else []

    def count(self, split: str) -> int | None:
        """Returns how many records a split's file holds (`train`, `test.id`); None where there is no file."""
        path = self.folder.data / f"{split}.jsonl"
        return sum(1 for _ in read_jsonl(path)) if path.exists() else None


def _read_optional(path: Path, default: Any) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else default
