"""`luthier pretrain`."""

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
    """Pretrain a model on plain text, from scratch or from another one, and measure it on held-out text."""
    start_messages()
    from luthier import api
    from luthier.cli.tables import print_bits

    done = api.pretrain(recipe, overrides=set_ or (), output=output, resume=resume)
    if json:
        print_json(
            {
                "run": str(done.path),
                "report": str(done.folder.report),
                "model": str(done.model),
                "metrics": done.metrics,
            }
        )
        return
    print_bits(done.metrics)
    typer.echo(f"\n{done.verdict}\n\nreport: {done.folder.report}\nmodel:  {done.model}")
