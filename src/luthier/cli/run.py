"""`luthier run`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from luthier.cli.common import JsonOption, RecipeArgument, SetOption, print_json, start_messages


def command(
    recipe: RecipeArgument,
    set_: SetOption = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder of the run; by default the recipe's `output`.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the unfinished run in the output folder.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Run a whole experiment: data, training, predictions, scores against baselines, report."""
    start_messages()
    from luthier import api
    from luthier.cli.tables import print_scores

    done = api.run(recipe, overrides=set_ or (), output=output, resume=resume)
    if json:
        print_json(
            {
                "run": str(done.path),
                "report": str(done.folder.report),
                "metrics": done.folder.read(done.folder.metrics),
            }
        )
        return
    print_scores(done)
    typer.echo(f"\n{done.verdict}\n\nreport: {done.folder.report}\nmodel:  {done.folder.model}")
