"""`luthier run`."""

from __future__ import annotations

import typer

from luthier.cli.common import (
    JsonOption,
    OutputOption,
    RecipeArgument,
    ResumeOption,
    SetOption,
    print_json,
    start_messages,
)


def command(
    recipe: RecipeArgument,
    set_: SetOption = None,
    output: OutputOption = None,
    resume: ResumeOption = False,
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
    typer.echo(f"\n{done.verdict}")
    if done.self_training:
        typer.echo(done.self_training)
    typer.echo(f"\nreport: {done.folder.report}\nmodel:  {done.folder.model}")
