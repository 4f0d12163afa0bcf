"""`luthier version`."""

from __future__ import annotations

import typer


def command() -> None:
    """Print the version."""
    from luthier import __version__

    typer.echo(__version__)
