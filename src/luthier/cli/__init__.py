"""The command line: one module a command, thin. Heavy imports happen inside the commands."""

from __future__ import annotations

import os
import sys

import typer

from luthier.cli import check, compare, evaluate, new, predict, run, schema, score, version
from luthier.errors import LuthierError

app = typer.Typer(
    name="luthier",
    help="Fine-tune language models: a file of labelled examples in, a measured model ready to serve out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (new, check, run, predict, evaluate, score, compare, schema, version):
    app.command(name=module.__name__.rpartition(".")[2])(module.command)


def main() -> None:
    """Runs the command line.

    Exits 0 done, 1 the work failed, 2 the user's input is at fault, 130 interrupted.
    """
    try:
        app()
    except LuthierError as error:
        if os.environ.get("LUTHIER_TRACEBACK"):
            raise
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo("interrupted: what was done is kept; continue a run with --resume", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output went away (`| head`); Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
