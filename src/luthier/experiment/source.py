"""YAML files with the line of every key, so that an error can point at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from luthier.errors import Problem, RecipeError, UserError

KeyPath = tuple[str | int, ...]
"""Keys and list positions from the root to a value."""


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


def read_source(file: Path, overrides: Sequence[str] = ()) -> Source:
    """Reads a YAML mapping and applies `a.b=c` overrides.

    Raises:
        UserError: Where the file does not exist or is not UTF-8.
        RecipeError: Where it is not valid YAML, not a mapping, or an override is not `key=value`.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        text = file.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):
        raise UserError(
            f"There is no file {file}.", "Write one with: luthier new DATA --output recipe.yaml"
        ) from None
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is not UTF-8 (byte {error.start}).", "Save it as UTF-8.") from None
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from None
    try:
        node = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        message = f"not valid YAML: {(error.problem or str(error)).splitlines()[0]}"
        raise RecipeError("The file cannot be read.", [Problem(message, file, line)]) from None
    except YAMLError as error:
        problem = Problem(f"not valid YAML: {str(error).splitlines()[0]}", file)
        raise RecipeError("The file cannot be read.", [problem]) from None
    if not isinstance(node, dict):
        found = "nothing" if node is None else f"a {type(node).__name__}"
        problem = Problem(
            f"a mapping of sections is expected, found {found}", file, 1, allowed="task, data, ..."
        )
        raise RecipeError("The file cannot be read.", [problem])
    lines: dict[KeyPath, int] = {}
    values = _plain(node, (), lines)
    changed = [_override(values, text) for text in overrides]
    return Source(values, file, lines, frozenset(changed))


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
        raise RecipeError("An override cannot be read.", [problem])
    node: Any = values
    for key in keys[:-1]:
        child = node.get(key)
        if child is None:
            child = node[key] = {}
        elif not isinstance(child, dict):
            # A shorthand such as `model: luthier/tiny` or `method: lora` names the option that has the key.
            child = node[key] = {"name" if key == "model" else "type": child}
        node = child
    try:
        node[keys[-1]] = _plain(YAML(typ="rt").load(value) if value.strip() else None, (), {})
    except YAMLError as error:
        problem = Problem(f"{value!r} is not valid YAML: {str(error).splitlines()[0]}", field=f"--set {name}")
        raise RecipeError("An override cannot be read.", [problem]) from None
    return keys
