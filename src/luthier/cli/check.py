"""`luthier check`."""

from __future__ import annotations

from typing import Annotated

import typer

from luthier.cli.common import JsonOption, RecipeArgument, SetOption, print_json, start_messages


def _count(text: str | int) -> int:
    try:
        count = int(text)
    except ValueError:
        count = -1
    if count < 0:
        raise typer.BadParameter(f"{text!r} is not a whole number from 0")
    return count


def command(
    recipe: RecipeArgument,
    set_: SetOption = None,
    samples: Annotated[
        int, typer.Option(parser=_count, metavar="N", help="How many rendered samples to show.")
    ] = 2,
    json: JsonOption = False,
) -> None:
    """Do everything short of training: counts, leaks, samples, truncation, EOS, memory and time."""
    start_messages()
    from luthier.cli.tables import print_check
    from luthier.experiment.check import check
    from luthier.experiment.recipe import load_recipe

    result = check(load_recipe(recipe, set_ or ()), samples=samples)
    if json:
        print_json(result.to_json())
    else:
        print_check(result)
