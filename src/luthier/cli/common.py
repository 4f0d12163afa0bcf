"""What the commands share: arguments, logging to stderr, tables."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

RecipeArgument = Annotated[Path, typer.Argument(metavar="RECIPE", help="The recipe, a YAML file.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="a.b=c", help="Override a key of the recipe; may be given several times."),
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", help="Folder of the run; by default the recipe's `output`.")
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Continue the unfinished run in the output folder.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print machine-readable results.")]


class _Messages(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        return text if record.levelno < logging.WARNING else f"{record.levelname.lower()}: {text}"


def start_messages() -> None:
    """Sends Luthier's messages to stderr and keeps the libraries' own quiet."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Messages())
    logger = logging.getLogger("luthier")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    for name in (
        "transformers",
        "datasets",
        "peft",
        "accelerate",
        "bitsandbytes",
        "httpx",
        "huggingface_hub",
    ):
        logging.getLogger(name).setLevel(logging.ERROR)


def print_json(value: Any) -> None:
    """Prints a JSON value to stdout."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a table to stdout, the first column to the left and the others to the right."""
    from rich.console import Console
    from rich.table import Table

    table = Table(header_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    # A pipe has no width; a table must not be folded to eighty characters there.
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    console.print(f"[bold]{title}[/bold]" if title else "", table, sep="\n")
