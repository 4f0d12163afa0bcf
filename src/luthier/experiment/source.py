"""YAML files with the line of every key, so that an error can point at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from luthier.errors import Problem, RecipeError, UserError
from luthier.invalid import KeyPath
from luthier.text import nearest

_NEW = "Write one with: luthier new DATA --output recipe.yaml"


@dataclass(frozen=True, slots=True)
class Source:
    """A YAML mapping as plain Python values.

    Attributes:
        values: The mapping, `--set` overrides applied.
        file: Where it was read from; None for values given in Python.
        lines: Path of keys to the 1-based line it stands in.
        overridden: Paths that a `--set` put in place, which have no line.
    """

    values: dict[str, Any]
    file: Path | None = None
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    overridden: frozenset[KeyPath] = frozenset()

    def problem(self, path: KeyPath, message: str, allowed: str = "", hint: str = "") -> Problem:
        """Makes a problem that points at `path`, or at its nearest parent that has a line."""
        name = ".".join(str(part) for part in path)
        for end in range(len(path), 0, -1):
            if path[:end] in self.overridden:
                return Problem(message, field=f"--set {name}", allowed=allowed, hint=hint)
        line = next(
            (self.lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.lines), None
        )
        return Problem(message, self.file, line, name, allowed, hint)

    def place(self, problem: Problem) -> Problem:
        """Gives a room's problem the file and line of the key that its `field` names."""
        parts = problem.field.replace("[", ".").replace("]", "").split(".")
        path: KeyPath = tuple(int(part) if part.isdigit() else part for part in parts if part)
        return self.problem(path, problem.message, problem.allowed, problem.hint)


def read_source(
    file: Path, overrides: Sequence[str] = (), *, sections: str = "task: ..., data: ...", advice: str = _NEW
) -> Source:
    """Reads a YAML mapping and applies `a.b=c` overrides.

    Args:
        file: The YAML file.
        overrides: `a.b=c`, the value read as YAML.
        sections: What such a file begins with, for advice.
        advice: What to do where there is no such file.

    Raises:
        UserError: Where the file does not exist or is not UTF-8.
        RecipeError: Where it is not valid YAML, not a mapping, or an override is not `key=value`.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"There is no file {file}.", _instead_of(file) or advice) from None
    except IsADirectoryError:
        raise UserError(f"{file} is a folder.", "Give the YAML file itself.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is not UTF-8 (byte {error.start}).", "Save it as UTF-8.") from None
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from None
    try:
        node = YAML(typ="rt").load(text)
    except YAMLError as error:
        raise RecipeError(f"{file} cannot be read:", [_broken(error, file)]) from None
    if not isinstance(node, dict):
        found = "nothing" if node is None else "a list" if isinstance(node, list) else f"only {str(node)!r}"
        problem = Problem(
            f"a mapping of sections is expected, found {found}", file, 1, allowed=f"{sections}, ..."
        )
        raise RecipeError(f"{file} cannot be read:", [problem])
    lines: dict[KeyPath, int] = {}
    values = _plain(node, (), lines)
    changed = [_override(values, text) for text in overrides]
    return Source(values, file, lines, frozenset(changed))


def _instead_of(file: Path) -> str:
    """Names the file that may be meant where `file` does not exist; empty where none is like it."""
    beside = [item.name for item in file.parent.iterdir()] if file.parent.is_dir() else []
    guess = nearest(file.name, [name for name in beside if name.endswith((".yaml", ".yml"))])
    return f"Did you mean {file.with_name(guess)}?" if guess else ""


_ADVICE = {
    "\\t": "indent with spaces, not with tabs",
    "mapping values are not allowed": "put a text that holds a colon in quotes, or correct the indentation",
    "but found '<block mapping start>'": "indent the keys of one section alike",
    "<block end>": "indent the keys of one section alike",
    "expected ',' or": "close the bracket",
    "while scanning a quoted scalar": "close the quotation mark",
}


def _broken(error: Exception, file: Path | None = None, field: str = "") -> Problem:
    """Says where and why a text is not YAML, with an advice for the usual slips."""
    mark = getattr(error, "problem_mark", None)
    begun = getattr(error, "context_mark", None)
    what = getattr(error, "problem", None) or str(error)
    message = f"not valid YAML: {what.splitlines()[0]}"
    if "duplicate key" in what:
        message = f"the key {what.split(chr(34))[1]!r} is given twice"
        # The parser reads on to the end of the value before it complains.
        mark = mark or begun
    elif file is not None and mark and begun and begun.line < mark.line:
        message += f", in what begins in line {begun.line + 1}"
    advice = next((words for sign, words in _ADVICE.items() if sign in str(error)), "")
    return Problem(message, file, mark.line + 1 if mark and file else None, field, hint=advice)


def _plain(node: Any, path: KeyPath, lines: dict[KeyPath, int]) -> Any:
    """Copies a ruamel node into plain values and notes the line of each key and item."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(node, CommentedMap):
        copy: dict[str, Any] = {}
        for key, value in node.items():
            name = key if isinstance(key, str) else str(key)
            lines[(*path, name)] = node.lc.key(key)[0] + 1
            copy[name] = _plain(value, (*path, name), lines)
        return copy
    if isinstance(node, CommentedSeq):
        for index in range(len(node)):
            lines[(*path, index)] = node.lc.item(index)[0] + 1
        return [_plain(value, (*path, index), lines) for index, value in enumerate(node)]
    # ruamel's scalar subclasses remember their spelling; the recipe wants the value alone.
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _override(values: dict[str, Any], text: str) -> KeyPath:
    """Applies one `a.b=c`, `c` read as YAML, and returns the path it set."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    name, equals, value = text.partition("=")
    keys = tuple(name.strip().split("."))
    if not equals or not all(keys):
        problem = Problem(f"{text!r} is not key=value", field="--set", allowed="--set training.epochs=5")
        raise RecipeError("An override cannot be read:", [problem])
    node: Any = values
    for key in keys[:-1]:
        child = node.get(key)
        if child is None:
            child = node[key] = {}
        elif isinstance(child, str):
            # A shorthand such as `model: luthier/tiny` or `format: lines` names the option that has the key.
            child = node[key] = {"name" if key == "model" else "type": child}
        elif not isinstance(child, dict):
            hint = f"set it as a whole: --set {name[: name.index(key) + len(key)]}=..."
            problem = Problem(f"{key} has no keys of its own", field=f"--set {name}", hint=hint)
            raise RecipeError("An override cannot be read:", [problem])
        node = child
    if keys[-1] == "type":
        node.clear()  # another type has other keys
    try:
        node[keys[-1]] = _plain(YAML(typ="rt").load(value) if value.strip() else None, (), {})
    except YAMLError as error:
        problem = _broken(error, field=f"--set {name}")
        raise RecipeError("An override cannot be read:", [problem]) from None
    return keys
