"""Pydantic's errors as problems that a newcomer can act on: line, allowed values, nearest spelling."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from luthier.errors import Problem
from luthier.experiment.source import KeyPath, Source
from luthier.text import nearest

Options = TypeVar("Options", bound=BaseModel)


def validate(model: type[Options], source: Source) -> tuple[Options | None, list[Problem]]:
    """Validates a whole YAML file; returns the options, or None and every problem found."""
    try:
        return model.model_validate(source.values), []
    except ValidationError as error:
        schema = model.model_json_schema()
        return None, [_problem(details, source, schema) for details in error.errors(include_url=False)]


def _problem(details: Any, source: Source, schema: dict[str, Any]) -> Problem:
    location: tuple[str | int, ...] = details["loc"]
    path = _path_in(source.values, location)
    context = details.get("ctx", {})
    found = _shown(details["input"])
    match details["type"]:
        case "extra_forbidden":
            key = str(location[-1])
            names = sorted(_keys_at(schema, location[:-1]))
            return source.problem(path, f"unknown key {key!r}", ", ".join(names), _did_you_mean(key, names))
        case "missing":
            return source.problem(path, "is required but missing")
        case "literal_error" | "enum":
            options = [part.strip(" '") for part in context["expected"].replace(" or ", ", ").split(",")]
            hint = _did_you_mean(str(details["input"]), options)
            return source.problem(path, f"{found} is not allowed", ", ".join(options), hint)
        case "union_tag_invalid":
            options = [part.strip(" '") for part in context["expected_tags"].split(",")]
            where = (*path, "type")
            hint = _did_you_mean(str(context["tag"]), options)
            return source.problem(where, f"{context['tag']!r} is not a known type", ", ".join(options), hint)
        case "union_tag_not_found":
            options = sorted(_tags_at(schema, location))
            return source.problem(path, "needs a `type`", ", ".join(options), "for example: {type: ...}")
        case "model_type" | "model_attributes_type" | "dict_type":
            return source.problem(path, f"a mapping is expected, found {found}")
        case _:
            message = str(details["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
            message = message.removeprefix("Input ").removeprefix("should be ")
            wanted = details["type"] not in ("value_error", "assertion_error")
            return source.problem(path, f"{found} is wrong: should be {message}" if wanted else message)


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _did_you_mean(word: str, options: list[str]) -> str:
    guess = nearest(word, options)
    return f"did you mean {guess!r}?" if guess else ""


def _path_in(values: Any, location: tuple[str | int, ...]) -> KeyPath:
    """Drops the parts of a pydantic location that are union tags or validators and not keys of the file."""
    path: list[str | int] = []
    node, tagged = values, False
    for index, part in enumerate(location):
        # A tagged union puts the tag behind the union's own key; the tag may well be the name of a key too.
        if isinstance(node, dict) and node.get("type") == part and not tagged:
            tagged = True
            continue
        tagged = False
        inside_list = isinstance(node, list) and isinstance(part, int) and part < len(node)
        if inside_list or (isinstance(node, dict) and part in node):
            node = node[part]
        elif index < len(location) - 1:
            continue
        elif isinstance(node, (str, int, float)) or (isinstance(part, str) and not part.isidentifier()):
            continue  # a tag such as `function-before[...]` or the branch of a union of scalars
        path.append(part)
    return tuple(path)


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


def _nodes_at(schema: dict[str, Any], location: tuple[str | int, ...]) -> list[dict[str, Any]]:
    """Returns the JSON Schema nodes that a pydantic location reaches: several below a union."""
    nodes = _branches(schema, schema)
    for part in location:
        reached: list[dict[str, Any]] = []
        for node in nodes:
            tag = node.get("properties", {}).get("type", {}).get("const")
            if isinstance(part, str) and part in node.get("properties", {}):
                reached += _branches(schema, node["properties"][part])
            elif part == tag:
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


def _keys_at(schema: dict[str, Any], location: tuple[str | int, ...]) -> set[str]:
    return {key for node in _nodes_at(schema, location) for key in node.get("properties", {})}


def _tags_at(schema: dict[str, Any], location: tuple[str | int, ...]) -> set[str]:
    tags = (node.get("properties", {}).get("type", {}).get("const") for node in _nodes_at(schema, location))
    return {tag for tag in tags if tag}
