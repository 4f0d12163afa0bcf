"""`luthier compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from luthier.cli.common import JsonOption, print_json, start_messages


def command(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN RUN...", help="Folders of finished runs.")],
    json: JsonOption = False,
) -> None:
    """Set runs side by side, with paired significance against the first."""
    start_messages()
    from luthier.cli.tables import print_comparison
    from luthier.experiment.compare import compare_runs

    result = compare_runs(runs)
    if json:
        print_json(result)
    else:
        print_comparison(result)
