"""Calls for Python users, and what the command line calls: experiment and report put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier import experiment, models
from luthier.data.clean_file import FileReport
from luthier.experiment.clean import clean
from luthier.experiment.finetuned import FineTuned, load
from luthier.experiment.folder import RunFolder, open_run
from luthier.experiment.generating import generate_file
from luthier.experiment.labelling import LabelReport, label
from luthier.experiment.pretrain import pretrain as _pretrain
from luthier.experiment.pretraining_recipe import load_pretraining
from luthier.experiment.pretraining_verdict import pretraining_verdict, text_language
from luthier.experiment.recipe import Recipe, load_recipe
from luthier.experiment.self_training.verdict import self_training_verdict
from luthier.experiment.verdict import verdict
from luthier.report import write_pretraining_report, write_report
from luthier.training.pretraining import Pretraining

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from luthier.generation import GenerateReport

__all__ = [
    "FileReport",
    "FineTuned",
    "LabelReport",
    "Pretrained",
    "Run",
    "clean",
    "generate",
    "label",
    "load",
    "load_model",
    "open_run",
    "pretrain",
    "run",
]


@dataclass(frozen=True)
class Finished:
    """A finished run of either kind.

    Attributes:
        folder: Its files by name.
    """

    folder: RunFolder

    @property
    def path(self) -> Path:
        """Where it stands."""
        return self.folder.path

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """`metrics.json`."""
        values: dict[str, Any] = self.folder.read(self.folder.metrics)
        return values


class Run(Finished):
    """A finished fine-tuning run: `metrics["test/id"]["kappa"]` is `{"value": .., "low": .., "high": ..}`."""

    @cached_property
    def recipe(self) -> Recipe:
        """The resolved recipe."""
        return load_recipe(self.folder.recipe, inputs=False)

    @property
    def verdict(self) -> str:
        """What the run showed, in a sentence in the task's language."""
        return verdict(self.metrics, self.recipe.task.language).sentence

    @property
    def self_training(self) -> str:
        """What self-training gained, in a sentence in the task's language; empty where it was not done."""
        return self_training_verdict(self.metrics, self.recipe.task.language)


def run(
    recipe: Recipe | Path | str,
    *,
    overrides: Sequence[str] = (),
    output: Path | str | None = None,
    resume: bool = False,
) -> Run:
    """Runs a whole experiment and writes its report.

    Args:
        recipe: A recipe, or the path of its YAML file.
        overrides: `a.b=c`, for a file.
        output: Folder of the run; None for the recipe's own.
        resume: Continue the unfinished run that stands there.

    Raises:
        UserError: Where recipe, data or model are at fault; nothing was trained.
        LuthierError: Where training fails; what was done is kept.
    """
    loaded = recipe if isinstance(recipe, Recipe) else load_recipe(Path(recipe), overrides)
    folder = experiment.run(loaded, Path(output) if output is not None else None, resume=resume)
    write_report(folder)
    return Run(folder)


class Pretrained(Finished):
    """A finished pretraining run: `metrics["bits_per_byte"]["wiki"]` is `{"before": .., "after": ..}`."""

    @property
    def model(self) -> Path:
        """The folder of the model: what a recipe's `model`, or `from_pretrained`, takes."""
        return self.folder.model

    @cached_property
    def recipe(self) -> Pretraining:
        """The resolved recipe."""
        return load_pretraining(self.folder.recipe, inputs=False)

    @property
    def verdict(self) -> str:
        """What the run showed, in a sentence in the language of most of its text."""
        base = self.recipe.from_.name if self.recipe.from_ else None
        return pretraining_verdict(self.metrics, base, text_language(self.metrics)).sentence


def pretrain(
    recipe: Pretraining | Path | str,
    *,
    overrides: Sequence[str] = (),
    output: Path | str | None = None,
    resume: bool = False,
) -> Pretrained:
    """Pretrains a causal language model on plain text and writes a report.

    Args:
        recipe: A pretraining recipe, or the path of its YAML file.
        overrides: `a.b=c`, for a file.
        output: Folder of the run; None for the recipe's own.
        resume: Continue the unfinished run that stands there, bit for bit as if it had not stopped.

    Raises:
        UserError: Where recipe, text or base model are at fault; nothing was trained.
        LuthierError: Where training fails; what was done is kept.
    """
    loaded = recipe if isinstance(recipe, Pretraining) else load_pretraining(Path(recipe), overrides)
    folder = _pretrain(loaded, Path(output) if output is not None else None, resume=resume)
    write_pretraining_report(folder)
    return Pretrained(folder)


def generate(
    source: Path | str,
    output: Path | str,
    task: Path | str,
    *,
    overrides: Sequence[str] = (),
    seed: int = 0,
    avoid: Sequence[Path | str] = (),
    report: Path | str | None = None,
) -> GenerateReport:
    """Writes new labelled records with a model, as `luthier generate` does.

    Args:
        source: Labelled records, a few of each label.
        output: JSON Lines of the new records; the replies stand beside it, so that a stopped call goes on.
        task: YAML file with `task`, and `design` and `generate` where it has them.
        overrides: `a.b=c` for that file.
        seed: Decides what every request asks for.
        avoid: Files whose texts must not come up again, such as test sets.
        report: JSON file for what is returned.

    Raises:
        UserError: Where a file, the writer or the journal is at fault, or a file to write exists.
        LuthierError: Where the writer fails; what it wrote is kept.
    """
    return generate_file(
        str(source),
        Path(output),
        Path(task),
        overrides=overrides,
        seed=seed,
        avoid=[str(path) for path in avoid],
        report=None if report is None else Path(report),
    )


def load_model(name: str = "luthier/tiny") -> PreTrainedModel:
    """Loads a base model: `luthier/tiny`, a hub id or a local folder.

    Raises:
        UserError: Where there is no such model.
    """
    return models.load_model(models.ModelOptions(name=name))
