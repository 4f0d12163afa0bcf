"""The recipe: one typed YAML file, the whole experiment. It composes the rooms' own option classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from luthier.data import CleanOptions, DataOptions, ReadOptions
from luthier.data import check as check_data
from luthier.data.options import Name
from luthier.design import Design
from luthier.design import check as check_design
from luthier.errors import Problem, RecipeError, UserError
from luthier.evaluation import EvaluationOptions
from luthier.experiment.inputs import absolute, absolute_generate, absolute_model
from luthier.experiment.self_training.checks import check_self_training
from luthier.experiment.self_training.options import SelfTrainingOptions
from luthier.experiment.source import Source, read_source
from luthier.experiment.validation import validate
from luthier.files import sha256_json, write_text
from luthier.generation import GenerateOptions
from luthier.invalid import KeyPath, did_you_mean
from luthier.methods import AnyMethod, Lora, PTuningV2
from luthier.models import ModelOptions
from luthier.models.quantize import INSTALL, MISSING, quantizes_here
from luthier.tasks import AnyTask
from luthier.training import TrainingOptions
from luthier.training.hardware import best_device
from luthier.training.kernels import missing_requirements

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?", re.ASCII)

_OR_NAME = BeforeValidator(lambda value: value, json_schema_input_type=str | ModelOptions)
"""Tells editors what `ModelOptions` takes anyway: the name alone."""


class Recipe(BaseModel):
    """A whole experiment. Every section is optional but `task` and `data.train`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: AnyTask
    """What is predicted."""
    data: DataOptions
    """Where the examples are. Paths are relative to the recipe's folder."""
    design: Design = Field(default_factory=Design)
    """How an example is written as a sample, and how a model's text is read."""
    model: Annotated[ModelOptions, _OR_NAME] = Field(default_factory=ModelOptions)
    """The pretrained model."""
    method: AnyMethod = Field(default_factory=Lora)
    """Which weights move."""
    training: TrainingOptions = Field(default_factory=TrainingOptions)
    generate: GenerateOptions | None = None
    """New examples for training, written by a model. Null: none."""
    self_training: SelfTrainingOptions | None = None
    """Whether and how `data.unlabelled` is learnt from, its labels guessed by a model. None leaves it out."""
    evaluation: EvaluationOptions = Field(default_factory=EvaluationOptions)
    output: Path = Path("runs/luthier")
    """Folder of the run, relative to the working directory."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of everything random: splits, wordings, initial adapter weights, batches, bootstrap."""

    def hash(self) -> str:
        """Returns the SHA-256 of everything that decides the result, the output folder left out."""
        return sha256_json(self.model_dump(mode="json", exclude={"output"}))

    def save(self, path: Path) -> None:
        """Writes the recipe, every default spelt out."""
        write_text(path, to_yaml(self.model_dump(mode="json", exclude_none=True)))


class TaskData(ReadOptions):
    """As much of a recipe's `data` as says how a file of its own kind is read and cleaned."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    clean: CleanOptions = CleanOptions()
    group: Name | None = None


class TaskFile(BaseModel):
    """The file that `--task` names: a recipe's `task`, and `design` and `generate` where they are needed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    task: AnyTask
    data: TaskData = Field(default_factory=TaskData)
    design: Design = Field(default_factory=Design)
    model: ModelOptions = Field(default_factory=ModelOptions)
    generate: GenerateOptions = Field(default_factory=GenerateOptions)


def load_recipe(path: Path, overrides: Sequence[str] = (), *, inputs: bool = True) -> Recipe:
    """Reads, validates and cross-checks a recipe.

    Args:
        path: The YAML file. Data paths in it are relative to its folder.
        overrides: `a.b=c`, the value read as YAML.
        inputs: Whether the files that it names must exist; a finished run needs them no more.

    Raises:
        UserError: Where the file cannot be read.
        RecipeError: With every problem of the recipe at once.
    """
    source = read_source(path, overrides)
    recipe, problems = validate(Recipe, source)
    if recipe is not None:
        placed = {
            "data": absolute(recipe.data, path.resolve().parent),
            "model": absolute_model(recipe.model),
            "generate": absolute_generate(recipe.generate, path.resolve().parent),
        }
        recipe = recipe.model_copy(update=placed)
        problems = cross_check(recipe, source, inputs=inputs)
    if recipe is None or problems:
        raise _error(path, problems)
    return recipe


def load_task(path: Path, overrides: Sequence[str] = ()) -> TaskFile:
    """Reads a YAML file that says what records are; a whole recipe will do.

    Args:
        path: The YAML file.
        overrides: `a.b=c`, the value read as YAML.

    Raises:
        UserError: Where the file cannot be read.
        RecipeError: With every problem at once.
    """
    source = read_source(path, overrides)
    file, problems = validate(TaskFile, source)
    problems += _unknown(source, (), Recipe) + _unknown(source, ("data",), DataOptions)
    if file is not None:
        problems += [source.place(problem) for problem in check_design(file.design, file.task)]
    if file is None or problems:
        raise _error(path, problems)
    return file


def _unknown(source: Source, place: KeyPath, section: type[BaseModel]) -> list[Problem]:
    """Returns the keys of a task file that no recipe has.

    What only a run needs is welcome there, what is misspelt is not: it would change nothing in silence.
    """
    values: Any = source.values
    for key in place:
        values = values.get(key)
    if not isinstance(values, dict):
        return []
    names = list(section.model_fields)
    return [
        source.problem((*place, key), f"unknown key {key!r}", ", ".join(names), did_you_mean(str(key), names))
        for key in values
        if key not in names
    ]


def check_recipe(recipe: Recipe) -> None:
    """Cross-checks a recipe made in Python; raises RecipeError with every problem at once."""
    if problems := cross_check(recipe, Source(recipe.model_dump(mode="json"))):
        raise RecipeError("The recipe cannot be run:", problems)


def cross_check(recipe: Recipe, source: Source, *, inputs: bool = True) -> list[Problem]:
    """Returns what no section can see alone: contradictions between sections, and missing files."""
    found = [*check_design(recipe.design, recipe.task), *check_self_training(recipe)]
    if inputs:
        base = source.file.resolve().parent if source.file else Path.cwd()
        found += [*check_data(recipe.data, recipe.task, base), *_check_model(recipe.model)]
        if recipe.training.compile or recipe.training.liger:
            found += missing_requirements(recipe.training, best_device())
    problems = [source.place(problem) for problem in found]
    stopping = recipe.training.early_stopping
    known = ["auto", "loss", *recipe.task.metrics]
    if stopping is not None and stopping.metric not in known:
        hint = did_you_mean(stopping.metric, known)
        path: KeyPath = ("training", "early_stopping", "metric")
        message = f"{stopping.metric!r} does not score a task of type {recipe.task.type!r}"
        problems.append(source.problem(path, message, ", ".join(known), hint))
    if recipe.training.gradient_checkpointing and isinstance(recipe.method, PTuningV2):
        problems.append(
            source.problem(
                ("training", "gradient_checkpointing"),
                "cannot be combined with p-tuning-v2, whose prefix lives in the attention cache",
                hint="set it to false, or choose another method",
            )
        )
    if recipe.training.optimizer == "muon" and recipe.method.type not in ("full", "freeze"):
        problems.append(
            source.problem(
                ("training", "optimizer"),
                f"muon is for a model's own matrices, which {recipe.method.type} does not move",
                hint="set method: full or freeze, or optimizer: adamw",
            )
        )
    if recipe.generate is not None and recipe.evaluation.folds > 1:
        problems.append(
            source.problem(
                ("generate",),
                "cannot be combined with folds: new examples follow given ones, those of held-out folds too",
                hint="set evaluation.folds: 1; evaluation.seeds shows how steady the result is",
            )
        )
    if recipe.model.quantization is not None:
        problems += _check_quantization(recipe, source, inputs=inputs)
    return problems


def _check_quantization(recipe: Recipe, source: Source, *, inputs: bool) -> list[Problem]:
    path: KeyPath = ("model", "quantization")
    if not isinstance(recipe.method, Lora):
        message = f"4-bit weights cannot move: they go with method lora, not with {recipe.method.type}"
        return [source.problem(path, message, hint="set method: lora, or leave quantization out")]
    if inputs and not quantizes_here():
        return [source.problem(path, MISSING, hint=INSTALL)]
    return []


def _check_model(model: ModelOptions) -> list[Problem]:
    try:
        place = model.locate()
    except UserError as error:
        return [Problem(error.message, field="model", hint=error.hint)]
    if not Path(place).is_absolute() and not _HUB_ID.fullmatch(place):
        hint = "give a folder with config.json, a hub id such as Qwen/Qwen3-0.6B, or luthier/tiny"
        return [Problem(f"{place!r} is no folder here and cannot be a hub id", field="model", hint=hint)]
    return []


def _error(path: Path, problems: Sequence[Problem]) -> RecipeError:
    return recipe_error(path, problems, "All keys and their values: luthier schema, or docs/recipe.md")


def recipe_error(path: Path, problems: Sequence[Problem], hint: str) -> RecipeError:
    """Makes the error that lists every problem of a file, in the order of its lines."""
    noun = "problem" if len(problems) == 1 else "problems"
    problems = sorted(problems, key=lambda problem: problem.line or 0)
    return RecipeError(f"{path} has {len(problems)} {noun}:", problems, hint)


def to_yaml(value: Any) -> str:
    """Writes a JSON value as YAML, keys in their order, real characters instead of escapes."""
    from io import StringIO

    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 110
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    yaml.dump(value, stream)
    return stream.getvalue()
