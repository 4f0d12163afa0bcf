"""`luthier predict`."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from luthier.cli.common import start_messages


def command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")],
    input_: Annotated[
        str, typer.Option("--input", help="A data file, or - for texts or JSON lines on stdin.")
    ],
    output: Annotated[
        Path | None, typer.Option(help="File for the predictions (JSON lines); default stdout.")
    ] = None,
) -> None:
    """Predict with confidence: one JSON object a record."""
    start_messages()
    from luthier import api
    from luthier.files import require_new, write_jsonl

    require_new({"--output": output})
    model = api.load(run)
    records = model.read_lines(_stdin()) if input_ == "-" else model.read_file(Path(input_))
    rows = (prediction.to_row() for prediction in model.predict(records))
    if output is not None:
        count = write_jsonl(output, rows)
        typer.echo(f"{count} predictions in {output}", err=True)
        return
    for row in rows:
        typer.echo(json.dumps(row, ensure_ascii=False))


def _stdin() -> Iterable[str]:
    """Returns the lines of stdin as UTF-8, as files are read, whatever the locale says."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        # What is not UTF-8 passes here and is told with its line where records are read.
        sys.stdin.reconfigure(encoding="utf-8-sig", errors="surrogateescape")
    return sys.stdin
