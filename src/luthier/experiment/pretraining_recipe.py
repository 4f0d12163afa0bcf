"""The recipe of `luthier pretrain`: read, validated and checked before anything is read or trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from luthier.data.corpus import check_sources
from luthier.errors import Problem, RecipeError, UserError
from luthier.experiment.inputs import absolute_model
from luthier.experiment.recipe import recipe_error, to_yaml
from luthier.experiment.source import Source, read_source
from luthier.experiment.validation import validate
from luthier.files import write_text
from luthier.training.hardware import best_device
from luthier.training.kernels import missing_compiler
from luthier.training.pretraining import Pretraining

_HINT = "All keys and their values: luthier schema --pretrain, or docs/pretraining.md"


def load_pretraining(path: Path, overrides: Sequence[str] = (), *, inputs: bool = True) -> Pretraining:
    """Reads, validates and checks a pretraining recipe.

    Args:
        path: The YAML file. Sources in it are relative to its folder.
        overrides: `a.b=c`, the value read as YAML.
        inputs: Whether the files that it names must exist; a finished run needs them no more.

    Raises:
        UserError: Where the file cannot be read.
        RecipeError: With every problem of the recipe at once.
    """
    advice = "docs/pretraining.md has recipes to begin with."
    source = read_source(path, overrides, sections="sources: ...", advice=advice)
    recipe, problems = validate(Pretraining, source)
    if recipe is not None:
        recipe = _absolute(recipe, path.resolve().parent)
        problems = _check(recipe, source) if inputs else []
    if recipe is None or problems:
        raise recipe_error(path, problems, _HINT)
    return recipe


def check_pretraining(recipe: Pretraining) -> None:
    """Checks a recipe made in Python; raises RecipeError with every problem at once."""
    if problems := _check(recipe, Source(recipe.model_dump(mode="json"))):
        raise RecipeError("The recipe cannot be run:", problems)


def save_pretraining(recipe: Pretraining, path: Path) -> None:
    """Writes the recipe, every default spelt out."""
    write_text(path, to_yaml(recipe.model_dump(mode="json", by_alias=True)))


def _absolute(recipe: Pretraining, folder: Path) -> Pretraining:
    placed = (
        source.model_copy(update={"path": (folder / source.path.expanduser()).absolute()})
        for source in recipe.sources
    )
    base = None if recipe.from_ is None else absolute_model(recipe.from_)
    return recipe.model_copy(update={"sources": tuple(placed), "from_": base})


def _check(recipe: Pretraining, source: Source) -> list[Problem]:
    """Returns what the options cannot see alone: files, a base model or a compiler that are not there."""
    problems = [source.place(problem) for problem in check_sources(recipe.sources, Path.cwd())]
    if recipe.from_ is not None:
        try:
            recipe.from_.locate()
        except UserError as error:
            problems.append(source.problem(("from",), error.message, hint=error.hint))
    if recipe.optimisation.compile:
        missing = missing_compiler(best_device(), "optimisation.compile")
        problems += [source.place(problem) for problem in missing]
    return problems
