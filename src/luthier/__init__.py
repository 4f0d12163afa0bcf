"""Luthier: a workbench for fine-tuning language models.

import luthier

run = luthier.run("recipe.yaml")
run.metrics["test/id"]["kappa"]
predict = luthier.load("runs/restaurant")
predict("The soup was cold, but what a view.")
"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from luthier.api import FileReport, FineTuned, Pretrained, Run, clean, load, load_model, pretrain, run
    from luthier.experiment.recipe import Recipe, load_recipe

__version__ = metadata.version("luthier")
__all__ = [
    "FileReport",
    "FineTuned",
    "Pretrained",
    "Recipe",
    "Run",
    "__version__",
    "clean",
    "load",
    "load_model",
    "load_recipe",
    "pretrain",
    "run",
]

_HOMES = {"Recipe": "luthier.experiment.recipe", "load_recipe": "luthier.experiment.recipe"}


def __getattr__(name: str) -> Any:
    """Imports a public name at its first use: `import luthier` and `luthier --help` stay instant."""
    if name not in __all__:
        raise AttributeError(f"module 'luthier' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES.get(name, "luthier.api")), name)
