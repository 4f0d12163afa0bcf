"""`luthier schema`."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer


def command(
    pretrain: Annotated[
        bool, typer.Option("--pretrain", help="Of a recipe of `luthier pretrain` instead.")
    ] = False,
) -> None:
    """Print the JSON Schema of a recipe, for editors."""
    typer.echo(json.dumps(_schema(pretrain), indent=2, ensure_ascii=False))


def _schema(pretrain: bool) -> dict[str, Any]:
    if pretrain:
        from luthier.training.pretraining import Pretraining

        return Pretraining.model_json_schema()
    from luthier.experiment.recipe import Recipe

    return Recipe.model_json_schema()
