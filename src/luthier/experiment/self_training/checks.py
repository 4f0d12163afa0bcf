"""What can be told about the `self_training` section before anything is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from luthier.errors import Problem

if TYPE_CHECKING:
    from luthier.experiment.recipe import Recipe

PLACE = "self_training"


def check_self_training(recipe: Recipe) -> list[Problem]:
    """Returns what in the other sections does not go with self-training; nothing where there is none."""
    options = recipe.self_training
    if options is None:
        return []
    problems = []
    kind = recipe.task.schema().fields[0].kind
    if recipe.data.unlabelled is None:
        hint = "name a file of records without target: `unlabelled: unlabelled.jsonl` in the recipe's `data`"
        problems.append(Problem("has nothing to label: data.unlabelled is missing", field=PLACE, hint=hint))
    if kind == "text":
        # Mean token probability says how fluent a text is; a threshold on it would choose the blandest texts.
        message = "needs labels, aspects or entities: of a free text no confidence tells whether it is right"
        problems.append(Problem(message, field=PLACE, hint="leave self_training out"))
    if recipe.design.needs_reasons:
        message = "cannot be combined with reasoning: a pseudo-label comes without the reasons that it needs"
        hint = "set design.reasoning: none, or leave self_training out"
        problems.append(Problem(message, field=PLACE, hint=hint))
    if options.teacher == "tfidf" and kind == "strings":
        hint = "set teacher: model"
        problems.append(Problem("TF-IDF finds no entities", field=f"{PLACE}.teacher", hint=hint))
    for key in ("seeds", "folds"):
        if getattr(recipe.evaluation, key) > 1:
            message = f"cannot be combined with evaluation.{key}: the further trainings would know gold alone"
            hint = f"set evaluation.{key}: 1, and run the recipe once for each `seed`"
            problems.append(Problem(message, field=PLACE, hint=hint))
    return problems
