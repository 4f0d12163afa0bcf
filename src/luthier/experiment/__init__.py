"""Experiments: the recipe, the corridor from data to scores, and a run's folder."""

from __future__ import annotations

from luthier.experiment.finetuned import FineTuned, load
from luthier.experiment.folder import RunFolder, open_run
from luthier.experiment.recipe import Recipe, load_recipe, load_task
from luthier.experiment.run import run
from luthier.experiment.verdict import Verdict, verdict

__all__ = [
    "FineTuned",
    "Recipe",
    "RunFolder",
    "Verdict",
    "load",
    "load_recipe",
    "load_task",
    "open_run",
    "run",
    "verdict",
]
