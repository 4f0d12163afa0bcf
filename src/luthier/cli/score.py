"""`luthier score`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from luthier.cli.common import JsonOption, print_json, start_messages


def command(
    task: Annotated[
        Path, typer.Option(help="YAML file with a recipe's `task` and, for raw text, its `design`.")
    ],
    gold: Annotated[Path, typer.Option(help="The labelled records.")],
    predictions: Annotated[
        Path, typer.Option(help='JSON lines of {"id"?, "text": raw} or {"id"?, "value": target}.')
    ],
    json: JsonOption = False,
) -> None:
    """Score predictions made anywhere: raw model text, parsed by the design, or parsed targets."""
    start_messages()
    from luthier.cli.tables import print_foreign_scores
    from luthier.experiment.score import score

    result = score(task, gold, predictions)
    if json:
        print_json(result)
    else:
        print_foreign_scores(result)
