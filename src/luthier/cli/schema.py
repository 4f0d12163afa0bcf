"""`luthier schema`."""

from __future__ import annotations

import json

import typer


def command() -> None:
    """Print the JSON Schema of a recipe, for editors."""
    from luthier.experiment.recipe import Recipe

    typer.echo(json.dumps(Recipe.model_json_schema(), indent=2, ensure_ascii=False))
