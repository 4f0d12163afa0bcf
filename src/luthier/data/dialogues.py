"""Alpaca, ShareGPT and `messages` records in one form: instruction, input, output, system, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from luthier.errors import Problem
from luthier.tasks import RecordError
from luthier.tasks.record import parse_cell

_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
}
_FORMS = {"messages": ("role", "content"), "conversations": ("from", "value")}
DIALOGUE_COLUMNS = tuple(_FORMS)
"""Columns in which a whole dialogue stands."""


def normalise_dialogue(record: Mapping[str, Any], labelled: bool = True) -> Mapping[str, Any]:
    """Returns a record whose `history` is a list of {role, content}, oldest first.

    Of `messages` and `conversations` the last turn of the assistant is the `output` and the turn of the user
    before it the `input`. Other records pass as they are.

    Args:
        record: Column name to value.
        labelled: Whether the last turn has to be the assistant's.

    Raises:
        RecordError: Where the turns cannot be read.
    """
    for column, keys in _FORMS.items():
        if column in record and not record.get("output"):
            rest = {key: value for key, value in record.items() if key not in _FORMS}
            return {**rest, **_dialogue(column, keys, parse_cell(record[column]), labelled)}
    if "instruction" in record and "input" not in record:
        record = {**record, "input": ""}
    history = record.get("history")
    if isinstance(history, Sequence) and history and not isinstance(history, str):
        return {**record, "history": _pairs(history)}
    return record


def _pairs(history: Sequence[Any]) -> list[Any]:
    """Turns Alpaca's [[user, assistant], ...] into turns; turns stay as they are."""
    turns: list[Any] = []
    for item in history:
        if isinstance(item, Sequence) and not isinstance(item, str) and len(item) == 2:
            turns += [{"role": "user", "content": item[0]}, {"role": "assistant", "content": item[1]}]
        else:
            turns.append(item)
    return turns


def _dialogue(column: str, keys: tuple[str, str], value: Any, labelled: bool) -> dict[str, Any]:
    turns = _turns(column, keys, value)
    system = {"system": turns.pop(0)["content"]} if turns and turns[0]["role"] == "system" else {}
    output = turns.pop()["content"] if turns and turns[-1]["role"] == "assistant" else None
    if output is None and labelled:
        raise _error(
            column, "does not end with a turn of the assistant", "a last turn of the assistant, the output"
        )
    if not turns or turns[-1]["role"] != "user":
        raise _error(column, "has no turn of the user before the output", "user and assistant in turn")
    return {"input": turns.pop()["content"], "output": output, "history": turns, **system}


def _turns(column: str, keys: tuple[str, str], value: Any) -> list[dict[str, str]]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise _error(column, "is not a list of turns", f'[{{"{keys[0]}": ..., "{keys[1]}": ...}}, ...]')
    turns: list[dict[str, str]] = []
    for number, item in enumerate(value):
        # Both forms are met under either name.
        pair = next((p for p in (keys, *_FORMS.values()) if isinstance(item, Mapping) and p[0] in item), None)
        role = _ROLES.get(item[pair[0]]) if pair and isinstance(item[pair[0]], str) else None
        if pair is None or role is None:
            found = f"has the role {item[pair[0]]!r}" if pair else "has no role"
            raise _error(f"{column}[{number}]", found, ", ".join(_ROLES))
        expected = "assistant" if turns and turns[-1]["role"] == "user" else "user"
        if role != expected and (turns or role != "system"):
            allowed = f"a turn of the {expected}: they alternate"
            raise _error(f"{column}[{number}]", f"is a turn of the {role}", allowed)
        turns.append({"role": role, "content": _content(f"{column}[{number}]", item.get(pair[1]))})
    return turns


def _content(field: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence) and all(
        isinstance(i, Mapping) and isinstance(i.get("text"), str) for i in value
    ):
        return "".join(part["text"] for part in value)
    raise _error(field, "has no text", "a text, or a list of text parts")


def _error(field: str, message: str, allowed: str) -> RecordError:
    return RecordError([Problem(message, field=field, allowed=allowed)])
