"""The tables of docs/commands.md, rendered from the command line itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer.main
from tests.docs.markdown import table

from luthier.cli import app

_KINDS = {str: "TEXT", int: "NUMBER", Path: "PATH"}


def commands() -> dict[str, Any]:
    """Returns the commands by name, as click objects."""
    return dict(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def options(command: Any) -> set[str]:
    """Returns the option flags of a command."""
    return {flag for param in command.params for flag in param.opts if flag.startswith("--")} | {"--help"}


def command_tables() -> dict[str, str]:
    """Returns every block by name: the commands, and a table of arguments and options a command."""
    rows = [
        [f"[`luthier {name}`](#luthier-{name})", _sentence(item.help)] for name, item in commands().items()
    ]
    return {"commands": table(["command", "does"], rows)} | {
        name: _table(item) for name, item in commands().items()
    }


def _table(command: Any) -> str:
    rows = [[f"`{_form(param)}`", _default(param), _sentence(param.help or "")] for param in command.params]
    return table(["argument or option", "default", "meaning"], rows) if rows else "No options.\n"


def _form(param: Any) -> str:
    flag = next((flag for flag in param.opts if flag.startswith("--")), "")
    if not flag:
        return str(param.metavar or param.name.upper())
    return flag if param.is_flag else f"{flag} {param.metavar or _KINDS[param.type_descriptor.annotation]}"


def _default(param: Any) -> str:
    if param.required:
        return "required"
    return f"`{param.default}`" if param.default not in (None, False, [], ()) else "–"


def _sentence(text: str) -> str:
    return " ".join(text.split())
