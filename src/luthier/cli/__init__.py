"""The command line: one module a command, thin. Heavy imports happen inside the commands."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import typer

from luthier.cli import check, clean, compare, evaluate, new, predict, pretrain, run, schema, score, version
from luthier.errors import LuthierError

app = typer.Typer(
    name="luthier",
    help="Fine-tune language models: a file of labelled examples in, a measured model ready to serve out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (new, clean, check, run, predict, evaluate, score, compare, pretrain, schema, version):
    app.command(name=module.__name__.rpartition(".")[2])(module.command)


INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells count it: 128 + SIGINT."""


def main() -> None:
    """Runs the command line.

    Exits 0 done, 1 the work failed, 2 the user's input is at fault, 130 interrupted.
    """
    try:
        app()
    except SystemExit as ended:
        # Typer catches what is not ours to lose: Ctrl-C without a word, a broken pipe as a failure.
        if ended.code == INTERRUPTED:
            _say_interrupted()
        if isinstance(ended.__context__, BrokenPipeError):
            _leave_pipe()
        raise
    except LuthierError as error:
        if os.environ.get("LUTHIER_TRACEBACK"):
            raise
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _say_interrupted()
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        _leave_pipe()


def _say_interrupted() -> None:
    typer.echo("interrupted: what was done is kept; continue a run with --resume", err=True)


def _leave_pipe() -> NoReturn:
    """Ends well where the reader of our output went away (`| head`)."""
    # Python would complain again when it flushes.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    sys.exit(0)
