"""The tables of docs/recipe.md and docs/pretraining.md, rendered from the recipes' own classes."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import typing
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from pydantic import BaseModel
from tests.docs.markdown import table

from luthier.design import STRATEGIES, Design
from luthier.experiment.recipe import Recipe
from luthier.training.pretraining import Pretraining

_NOTHING = "–"


def recipe_tables() -> dict[str, str]:
    """Returns every block by name: a table an option class, and one for the strategies of a design."""
    return {"recipe": _table(Recipe), "design.strategies": _strategies(), **_sections(Recipe)}


def pretraining_tables() -> dict[str, str]:
    """Returns every block of docs/pretraining.md: a table an option class of its own."""
    sections = _sections(Pretraining)
    del sections["from"]  # as a recipe's `model`
    return {"pretraining": _table(Pretraining), **sections}


def _sections(recipe: type[BaseModel]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, field in recipe.model_fields.items():
        found |= dict(_section(field.alias or name, field.annotation))
    return found


def _section(name: str, annotation: Any) -> Iterator[tuple[str, str]]:
    """Yields a table for each option class in an annotation, and for those nested in it."""
    classes = [cls for cls in _classes(annotation) if _options(cls)]
    for cls in classes:
        is_one_of_several = "type" in cls.model_fields and len(list(_classes(annotation))) > 1
        place = f"{name}.{cls.model_fields['type'].default}" if is_one_of_several else name
        yield place, _table(cls)
        for key, field in cls.model_fields.items():
            yield from _section(f"{place}.{key}", field.annotation)


def _classes(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _classes(part)


def _options(cls: type[BaseModel]) -> list[str]:
    return [key for key in cls.model_fields if key != "type"]


def _table(cls: type[BaseModel]) -> str:
    schema = cls.model_json_schema()
    meanings = _docstrings(cls)
    rows = []
    for name in _options(cls):
        field = cls.model_fields[name]
        key = field.alias or name
        node = schema["properties"][key]
        default = "required"
        if key not in schema.get("required", ()):
            default = _default(field.get_default(call_default_factory=True))
            if default.startswith("`{") and _is_section(cls, field.get_default(call_default_factory=True)):
                default = "see below"  # its own table says it
        meaning = meanings.get(name) or str(next(_classes(field.annotation)).__doc__).split("\n")[0]
        rows.append([f"`{key}`", _kind(node, schema.get("$defs", {})), default, meaning])
    return table(["key", "value", "default", "meaning"], rows)


def _is_section(cls: type[BaseModel], value: Any) -> bool:
    """Tells whether a default is a whole section of a recipe, or one in which nothing is set."""
    return cls in (Recipe, Pretraining) or (isinstance(value, BaseModel) and not value.model_fields_set)


def _docstrings(cls: type[BaseModel]) -> dict[str, str]:
    """Returns the text below each field of a class and of the classes it inherits from."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if not (isinstance(base, type) and issubclass(base, BaseModel)) or base is BaseModel:
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0].body  # type: ignore[attr-defined]
        for field, text in pairwise(body):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
            ):
                told = " ".join(str(text.value.value).split())
                found[field.target.id] = re.sub(r"\bNone\b", "`null`", told)
    return found


def _kind(node: dict[str, Any], defs: dict[str, Any]) -> str:
    """Says in words what a JSON Schema node allows."""
    if "$ref" in node:
        node = {**defs[node["$ref"].rsplit("/", 1)[1]], **{k: v for k, v in node.items() if k != "$ref"}}
    if "const" in node:
        return _default(node["const"])
    if "enum" in node:
        return _or([_default(value) for value in node["enum"]])
    if "discriminator" in node:
        return _or([f"`{tag}`" for tag in node["discriminator"]["mapping"]])
    if "anyOf" in node:
        parts = [part for part in node["anyOf"] if part.get("type") != "null"]
        if tagged := [part for part in parts if "discriminator" in part]:
            return _kind(tagged[0], defs)  # the other branch is the tag alone
        closed = [
            _default(value) for part in parts for value in part.get("enum", [part.get("const")]) if value
        ]
        return _or([*closed, *(_kind(part, defs) for part in parts if not {"enum", "const"} & part.keys())])
    match node.get("type"):
        case "integer" | "number" as kind:
            return _bounds("whole number" if kind == "integer" else "number", node)
        case "boolean":
            return "`true` or `false`"
        case "array":
            least = f", at least {node['minItems']}" if "minItems" in node else ""
            return f"list of {_kind(node.get('items', {}), defs)}{least}"
        case "object" if isinstance(node.get("additionalProperties"), dict):
            return f"mapping of name to {_kind(node['additionalProperties'], defs)}"
        case "object":
            return "mapping"
        case _:
            return "path" if node.get("format") == "path" else "text"


def _bounds(kind: str, node: dict[str, Any]) -> str:
    words = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}
    told = [f"{word} {_number(node[key])}" for key, word in words.items() if key in node]
    return f"{kind} {' '.join(told)}".strip()


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:g}"


def _or(parts: list[str]) -> str:
    distinct = list(dict.fromkeys(parts))
    return " or ".join(filter(None, [", ".join(distinct[:-1]), distinct[-1]]))


def _default(value: Any) -> str:
    if value is None or value in ("", ()) or value == {}:
        return _NOTHING
    return f"`{_yaml(value)}`"


def _yaml(value: Any) -> str:
    """Writes a value as a recipe would hold it, on one line."""
    if isinstance(value, BaseModel) and not type(value).model_fields:
        return "true"  # a switch with nothing to set
    if isinstance(value, BaseModel):
        values = value.model_dump(mode="json", exclude_unset=True)
        return str(getattr(value, "type", "")) or _yaml(values or value.model_dump(mode="json"))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    return str(value)


def _strategies() -> str:
    """A row a strategy, with what each option is where the recipe gives nothing but the strategy."""
    keys = [key for key in STRATEGIES["es-sde"] if key in Design.model_fields]
    rows = [
        [f"`{name}`", *(f"`{_yaml(getattr(Design(strategy=name), key))}`" for key in keys)]
        for name in STRATEGIES
    ]
    return table(["strategy", *(f"`{key}`" for key in keys)], rows)
