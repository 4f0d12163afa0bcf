"""`luthier new`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from luthier.cli.common import start_messages


def command(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A file of labelled examples.")],
    task: Annotated[str | None, typer.Option(help="The task type, where the guess is wrong.")] = None,
    output: Annotated[Path | None, typer.Option(help="Where to write the recipe; default stdout.")] = None,
) -> None:
    """Look at a data file and write a commented recipe for it."""
    start_messages()
    from luthier.experiment.new import propose
    from luthier.files import require_new, write_text

    require_new({"--output": output})
    recipe = propose(data, task, folder=output.parent if output is not None else Path())
    if output is None:
        typer.echo(recipe, nl=False)
        return
    write_text(output, recipe)
    typer.echo(f"{output} is written; look at it, then: luthier check {output}", err=True)
