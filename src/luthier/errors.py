"""The error tree. Every error says what is wrong and, in `hint`, what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MAX_LISTED = 20
"""How many problems an error lists before it only counts the rest."""


class LuthierError(Exception):
    """The work failed. The command line prints the message and the hint, and exits with `exit_code`.

    Args:
        message: What is wrong, in one sentence a newcomer understands.
        hint: What to do next; empty where the message already says it.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class UserError(LuthierError):
    """The user's input is at fault: a flag, a file, a recipe or a record."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input file.

    Attributes:
        message: What was found and why it is wrong.
        file: The file it stands in; None for a flag or a Python value.
        line: 1-based line in `file`, if known.
        field: Dotted path of the key or the name of the column (`design.format`).
        allowed: What would be right, in words or as a list of values.
        hint: What to do about it, e.g. the nearest spelling.
    """

    message: str
    file: Path | None = None
    line: int | None = None
    field: str = ""
    allowed: str = ""
    hint: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        parts = [part for part in (place, self.field, self.message) if part]
        text = ": ".join(parts)
        if self.allowed:
            text += f" (allowed: {self.allowed})"
        if self.hint:
            text += f" - {self.hint}"
        return text


class InputError(UserError):
    """Several problems at once, listed up to `MAX_LISTED` and then counted.

    Args:
        summary: The sentence above the list.
        problems: Everything found wrong, in the order of the file.
        hint: What to do next.
        total: How many problems there are where `problems` holds only the first of them.
    """

    def __init__(
        self, summary: str, problems: Sequence[Problem], hint: str = "", total: int | None = None
    ) -> None:
        self.problems = tuple(problems)
        self.total = len(self.problems) if total is None else total
        listed = [f"  - {problem}" for problem in self.problems[:MAX_LISTED]]
        if self.total > len(listed):
            listed.append(f"  ... and {self.total - len(listed)} more")
        super().__init__("\n".join([summary, *listed]), hint)


class RecipeError(InputError):
    """A recipe (or task, or study file) that cannot be run as written."""


class DataError(InputError):
    """A data file that cannot be read, or records in it that do not fit the task."""
