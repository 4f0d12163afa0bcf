"""Pydantic's errors in words that a newcomer can act on: where, what was found, what is allowed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from luthier.text import nearest, shorten

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

KeyPath = tuple[str | int, ...]
"""Keys and list positions from the root to a value."""

_KINDS = {
    "string_type": "a text",
    "string_too_short": "a text that is not empty",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true, false",
    "bool_parsing": "true, false",
    "tuple_type": "a list",
    "list_type": "a list",
    "path_type": "a path",
    "dict_type": "keys with values",
}
_MAPPINGS = ("model_type", "model_attributes_type", "dict_type")
_OWN_WORDS = ("value_error", "assertion_error")
_BOUNDS = {"gt": "above {}", "ge": "at least {}", "lt": "below {}", "le": "at most {}"}


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong with a mapping of options.

    Attributes:
        path: The keys that lead to it.
        message: What was found and why it is wrong.
        allowed: What would be right.
        hint: What to do about it.
    """

    path: KeyPath
    message: str
    allowed: str = ""
    hint: str = ""


def explain(
    error: ValidationError, model: type[BaseModel], values: Mapping[str, Any], more_keys: Iterable[str] = ()
) -> list[Mistake]:
    """Returns the mistakes behind a validation error, one for each place.

    A union complains once for each of its branches; here they are one mistake, and none where a branch
    found something wrong further inside.

    Args:
        error: What pydantic raised.
        model: What was to be made.
        values: What it was to be made of.
        more_keys: Keys that are allowed at the top beside the model's own.
    """
    schema = model.model_json_schema()
    by_path: dict[KeyPath, list[Any]] = {}
    for details in error.errors(include_url=False):
        by_path.setdefault(_path_in(values, details), []).append(details)
    mistakes = []
    for path, group in by_path.items():
        inside = any(len(other) > len(path) and other[: len(path)] == path for other in by_path)
        if inside and not any(item["type"] in _OWN_WORDS for item in group):
            continue
        mistakes.append(_mistake(path, group, values, schema, tuple(more_keys)))
    return mistakes


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """Returns the question whether the nearest spelling was meant; empty where there is none near."""
    guess = nearest(word, options)
    return f"did you mean {guess!r}?" if guess else ""


def _mistake(
    path: KeyPath, group: Sequence[Any], values: Any, schema: dict[str, Any], more_keys: tuple[str, ...]
) -> Mistake:
    details = group[0]
    location: KeyPath = details["loc"]
    match details["type"]:
        case "extra_forbidden":
            key = str(location[-1])
            names = sorted({*_keys_at(schema, location[:-1]), *(more_keys if len(path) == 1 else ())})
            hint = _home(key, location, schema) or did_you_mean(key, names)
            return Mistake(path, f"unknown key {key!r}", ", ".join(names), hint)
        case "missing":
            return Mistake(path, "is required but missing")
        case "value_error" | "assertion_error":
            message = details["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
            return Mistake(_named_in(message, path, details["input"]), message)
        case "union_tag_invalid":
            options = _quoted(details["ctx"]["expected_tags"])
            tag = str(details["ctx"]["tag"])
            where = (*path, "type") if isinstance(_at(values, path), dict) else path
            return Mistake(
                where, f"{tag!r} is not a known type", ", ".join(options), did_you_mean(tag, options)
            )
        case "union_tag_not_found":
            tags = _tags_at(schema, location)
            return Mistake(path, "needs a `type`", ", ".join(tags), "for example: {type: " + tags[0] + "}")
    return _wrong_value(path, group, schema)


def _wrong_value(path: KeyPath, group: Sequence[Any], schema: dict[str, Any]) -> Mistake:
    value = group[0]["input"]
    kinds = {details["type"] for details in group}
    allowed = ", ".join(dict.fromkeys(_allowed(details, schema) for details in group))
    literals = [name for details in group for name in _literals(details)]
    tags = _tags_at(schema, group[0]["loc"]) if kinds & {*_MAPPINGS} else []
    hint = ""
    if isinstance(value, str) and literals:
        hint = did_you_mean(value, literals)
    if isinstance(value, str) and nearest(value, tags):
        hint = f"write {{type: {nearest(value, tags)}}}"
    elif kinds & {"tuple_type", "list_type"} and not hint and not isinstance(value, dict):
        hint = f"write [{_plain(value)}]"
    elif kinds & {"string_type", "path_type"} and isinstance(value, bool | int | float):
        hint = f'put it in quotes: "{_plain(value)}"'
    if value is None:
        return Mistake(path, "is empty", allowed, "write what it shall be, or remove the line")
    return Mistake(path, f"{_shown(value)} is not allowed", allowed, hint)


def _allowed(details: Any, schema: dict[str, Any]) -> str:
    """Says what one branch of a union would take."""
    context = details.get("ctx", {})
    if literals := _literals(details):
        return ", ".join(literals)
    if details["type"] in _MAPPINGS:
        if tags := _tags_at(schema, details["loc"]):
            return f"keys with values, `type` one of {', '.join(tags)}"
        keys = sorted(_keys_at(schema, details["loc"]))
        return f"keys with values: {', '.join(keys)}" if keys else "keys with values"
    if details["type"] in ("too_short", "too_long"):
        bound = (
            f"at least {context['min_length']}"
            if "min_length" in context
            else f"at most {context['max_length']}"
        )
        return f"a list of {bound}"
    for name, words in _BOUNDS.items():
        if name in context:
            return words.format(f"{context[name]:g}")
    message: str = details["msg"]
    return _KINDS.get(details["type"], message.removeprefix("Input ").removeprefix("should be "))


def _literals(details: Any) -> list[str]:
    return _quoted(details["ctx"]["expected"]) if details["type"] in ("literal_error", "enum") else []


def _quoted(text: str) -> list[str]:
    """Takes pydantic's `'a', 'b' or 'c'` apart."""
    return [part.strip(" '") for part in text.replace(" or ", ", ").split(",")]


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _shown(value: Any) -> str:
    return repr(shorten(value)) if isinstance(value, str) else shorten(_plain(value))


def _named_in(message: str, path: KeyPath, node: Any) -> KeyPath:
    """Leads to the key that a message begins with: options that are checked together are one node."""
    word = message.partition(" ")[0].strip("`:")
    for key in (word, f"{word}s"):
        if isinstance(node, Mapping) and key in node:
            return (*path, key)
    return path


def _home(key: str, location: KeyPath, schema: dict[str, Any]) -> str:
    """Says where a key that is unknown here would be right."""
    siblings = _nodes_at(schema, location[:-2]) if len(location) > 2 else []
    types = [_tag(node) for node in siblings if _tag(node) and key in node.get("properties", {})]
    if types:
        return f"it is an option of type {', '.join(types)}"
    sections = [name for name in schema.get("properties", {}) if key in _keys_at(schema, (name,))]
    return f"it belongs in `{sections[0]}`" if len(sections) == 1 else ""


def _at(node: Any, path: KeyPath) -> Any:
    for part in path:
        node = node[part]
    return node


def _path_in(values: Any, details: Any) -> KeyPath:
    """Drops the parts of a pydantic location that are union tags or validators and not keys of the file."""
    location: KeyPath = details["loc"]
    path: list[str | int] = []
    node, tagged = values, False
    for index, part in enumerate(location):
        # A tagged union puts the tag behind the union's own key; the tag may well be the name of a key too.
        if index and isinstance(node, dict) and node.get("type") == part and not tagged:
            tagged = True
            continue
        tagged = False
        inside_list = isinstance(node, list | tuple) and isinstance(part, int) and part < len(node)
        if inside_list or (isinstance(node, dict) and part in node):
            node = node[part]
        elif not (details["type"] == "missing" and index == len(location) - 1):
            continue  # a tag such as `function-before[...]` or the branch of a union
        path.append(part)
    return tuple(path)


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


def _nodes_at(schema: dict[str, Any], location: KeyPath) -> list[dict[str, Any]]:
    """Returns the JSON Schema nodes that a pydantic location reaches: several below a union."""
    nodes = _branches(schema, schema)
    for part in location:
        reached: list[dict[str, Any]] = []
        for node in nodes:
            if isinstance(part, str) and part in node.get("properties", {}):
                reached += _branches(schema, node["properties"][part])
            elif part == _tag(node):
                reached.append(node)
            elif isinstance(node.get("additionalProperties"), dict):
                reached += _branches(schema, node["additionalProperties"])
            elif isinstance(part, int) and "items" in node:
                reached += _branches(schema, node["items"])
        # A location may also name a class or a validator, which the schema does not know: stay where we are.
        nodes = reached or nodes
    return nodes


def _branches(schema: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    node = _resolve(schema, node)
    options = [*node.get("oneOf", ()), *node.get("anyOf", ()), *node.get("allOf", ())]
    if not options:
        return [node]
    return [branch for option in options for branch in _branches(schema, option)]


def _tag(node: dict[str, Any]) -> str:
    return str(node.get("properties", {}).get("type", {}).get("const", ""))


def _keys_at(schema: dict[str, Any], location: KeyPath) -> set[str]:
    return {key for node in _nodes_at(schema, location) for key in node.get("properties", {})}


def _tags_at(schema: dict[str, Any], location: KeyPath) -> list[str]:
    return sorted({tag for node in _nodes_at(schema, location) if (tag := _tag(node))})
