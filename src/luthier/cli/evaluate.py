"""`luthier evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from luthier.cli.common import JsonOption, print_json, start_messages


def command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")],
    data: Annotated[Path, typer.Option(help="A labelled data file.")],
    json: JsonOption = False,
) -> None:
    """Score a run on another labelled set."""
    start_messages()
    from luthier import api
    from luthier.cli.tables import print_metrics

    scores = api.load(run).evaluate(data)
    if json:
        print_json(scores.to_json())
    else:
        print_metrics(f"{run} on {data} ({scores.n} records)", scores)
