"""`luthier label`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from luthier.cli.common import JsonOption, print_json, start_messages


def command(
    data: Annotated[Path, typer.Argument(metavar="IN", help="A data file; its records need no target.")],
    run: Annotated[Path, typer.Option(metavar="RUN", help="The folder of a finished run, which labels.")],
    output: Annotated[Path, typer.Option(metavar="OUT", help="File for the labelled records (JSON lines).")],
    confidence: Annotated[
        float | None,
        typer.Option(metavar="P", help="Least calibrated confidence, 0 to 1; by default none is asked for."),
    ] = None,
    top: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", help="Only the most certain share of each predicted class, 0 to 1, instead."
        ),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="File for the report (JSON).")] = None,
    rejects: Annotated[
        Path | None,
        typer.Option(help="File for the records without a label, each with the reason (JSON lines)."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Label a file with a finished run, with calibrated confidence; leave out what it is not sure of."""
    start_messages()
    from luthier.cli.tables import print_labels
    from luthier.experiment.labelling import label

    found = label(run, data, output, confidence=confidence, top=top, report=report, rejects=rejects)
    if json:
        print_json(found.to_json())
        return
    print_labels(found)
    typer.echo(f"{found.labelled} of {found.records} records labelled: {output}", err=True)
