"""A run's folder: where everything is, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luthier.errors import UserError
from luthier.files import read_jsonl, write_json, write_jsonl
from luthier.inference.prediction import Prediction
from luthier.tasks.example import Example, Turn, target_from_json
from luthier.text import nearest

MANIFEST = "manifest.json"
PRETRAINING = "pretraining"
"""The manifest's `kind` of a pretraining run."""
FINE_TUNED = "fine-tuned"
"""What the predictions of the trained model are called beside those of baselines."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The files of one run, by name. Everything in it is written atomically."""

    path: Path

    @property
    def recipe(self) -> Path:
        """The resolved recipe."""
        return self.path / "recipe.yaml"

    @property
    def manifest(self) -> Path:
        """Versions, hashes, hardware, times."""
        return self.path / MANIFEST

    @property
    def data(self) -> Path:
        """Each split as used, and what was dropped or cut."""
        return self.path / "data"

    @property
    def augmented(self) -> Path:
        """The copies that augmentation made of training examples, each with where it comes from."""
        return self.data / "augmented.jsonl"

    @property
    def augment_refusals(self) -> Path:
        """The copies that were not kept, each with the reason."""
        return self.data / "augmented.refused.jsonl"

    @property
    def samples(self) -> Path:
        """Rendered samples with the supervised spans."""
        return self.path / "samples.jsonl"

    @property
    def model(self) -> Path:
        """The fine-tuned model in Hugging Face or PEFT layout."""
        return self.path / "model"

    @property
    def checkpoints(self) -> Path:
        """The newest checkpoints."""
        return self.path / "checkpoints"

    @property
    def trunk(self) -> Path:
        """What frozen layers compute, shared by the run's trainings and removed when it ends."""
        return self.path / "trunk"

    @property
    def self_training(self) -> Path:
        """What self-training did: a folder a round."""
        return self.path / "self_training"

    @property
    def metrics(self) -> Path:
        """Every score with its interval."""
        return self.path / "metrics.json"

    @property
    def history(self) -> Path:
        """The learning curve, a point an evaluation."""
        return self.path / "history.json"

    @property
    def log(self) -> Path:
        """What a pretraining run logged: its steps and measurements."""
        return self.path / "log.jsonl"

    @property
    def report(self) -> Path:
        """The self-contained page."""
        return self.path / "report.html"

    def predictions(self, test: str, source: str = FINE_TUNED) -> Path:
        """The predictions for a test set by `fine-tuned` or by a baseline."""
        name = f"{test}.jsonl" if source == FINE_TUNED else f"{test}.{source}.jsonl"
        return self.path / "predictions" / name

    def seed_predictions(self, test: str, seed: int) -> Path:
        """The predictions for a test set by the model trained with another seed."""
        return self.path / "predictions" / f"seed-{seed}" / f"{test}.jsonl"

    def gold_only_predictions(self, test: str) -> Path:
        """The predictions for a test set by the model before self-training."""
        return self.path / "predictions" / "gold-only" / f"{test}.jsonl"

    @property
    def cross_validation(self) -> Path:
        """The out-of-fold predictions for the training set, in its order."""
        return self.path / "predictions" / "folds" / "train.jsonl"

    def gold(self, test: str) -> Path:
        """The examples of a test set as used."""
        return self.data / f"test.{test}.jsonl"

    def save_predictions(
        self, test: str, predictions: Iterable[Prediction], source: str = FINE_TUNED
    ) -> None:
        """Writes predictions in the order of the test set."""
        write_jsonl(self.predictions(test, source), (prediction.to_row() for prediction in predictions))

    def load_predictions(self, test: str, source: str = FINE_TUNED) -> list[Prediction]:
        """Reads predictions back; raises UserError where there are none."""
        path = self.predictions(test, source)
        if not path.exists():
            raise UserError(f"The run {self.path} has no predictions of {source} on test/{test}.")
        return [Prediction.from_row(row) for row in read_jsonl(path)]

    def baselines(self, test: str) -> list[str]:
        """Returns the baselines that have predictions for a test set, in the order they were made."""
        found = self.predictions(test).parent.glob(f"{test}.*.jsonl")
        ordered = sorted(found, key=lambda path: path.stat().st_mtime_ns)
        return [path.name.removeprefix(f"{test}.").removesuffix(".jsonl") for path in ordered]

    def load_examples(self, test: str) -> list[Example]:
        """Reads the records of a test set back as examples, without where they came from."""
        return self._load(self.gold(test))

    def load_validation(self) -> list[Example]:
        """Reads the records of the validation set back, as `load_examples` does a test set."""
        return self._load(self.data / "validation.jsonl")

    def _load(self, path: Path) -> list[Example]:
        return [
            Example(
                id=row["id"],
                text=row["text"],
                target=target_from_json(row["target"]),
                text_pair=row.get("text_pair"),
                instruction=row.get("instruction"),
                history=tuple(Turn(**turn) for turn in row.get("history", ())),
                reasons=row.get("reasons", {}),
                language=row.get("language"),
                domain=row.get("domain"),
                group=row.get("group"),
                weight=row.get("weight", 1.0),
            )
            for row in read_jsonl(path)
        ]

    def read(self, file: Path) -> Any:
        """Reads one of the run's JSON files; raises UserError where it is missing or broken."""
        try:
            return json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            command = "pretrain" if self.log.exists() else "run"
            hint = f"Finish it with: luthier {command} {self.recipe} --output {self.path} --resume"
            hint = hint if self.recipe.exists() else ""
            raise UserError(f"The run {self.path} has no {file.name}: it did not finish.", hint) from None
        except json.JSONDecodeError as error:
            raise UserError(f"{file} is not valid JSON ({error}).") from None

    def write_manifest(self, values: dict[str, Any]) -> None:
        """Writes the manifest."""
        write_json(self.manifest, values)


def open_run(path: Path) -> RunFolder:
    """Opens a finished run.

    Raises:
        UserError: Where `path` is no folder of a finished run.
    """
    folder = RunFolder(path)
    hint = "Give the folder that `luthier run` wrote: the recipe's `output`, or --output."
    if not path.exists():
        beside = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
        guess = nearest(path.name, beside)
        raise UserError(
            f"There is no run folder {path}.", f"Did you mean {path.with_name(guess)}?" if guess else hint
        )
    if not folder.manifest.exists():
        why = f"it has no {MANIFEST}" if path.is_dir() else "it is a file"
        raise UserError(f"{path} is not the folder of a run: {why}.", hint)
    if folder.read(folder.manifest).get("kind") == PRETRAINING:
        raise UserError(
            f"{path} is a pretraining run: its model does no task yet.",
            f"Fine-tune it first: `model: {folder.model}` in a recipe.",
        )
    if not folder.metrics.exists():
        folder.read(folder.metrics)
    return folder


def new_run_folder(path: Path) -> RunFolder:
    """Makes the folder of a new run: `path`, or `path-2`, `path-3` ... where an earlier run stands there.

    Raises:
        UserError: Where `path` is a file, or a folder that is not empty and not a run.
    """
    if path.exists() and not path.is_dir():
        raise UserError(f"{path} is a file; a run needs a folder.", "Give another one with --output.")
    candidate, number = path, 1
    while candidate.exists() and any(candidate.iterdir()):
        if not (candidate / MANIFEST).exists():
            raise UserError(
                f"{candidate} is not empty and not a run; Luthier does not write into it.",
                "Give another folder with --output.",
            )
        number += 1
        candidate = path.with_name(f"{path.name}-{number}")
    candidate.mkdir(parents=True, exist_ok=True)
    return RunFolder(candidate)
