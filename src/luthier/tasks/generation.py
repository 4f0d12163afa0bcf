"""Generation: a free text for an input, an instruction, or a dialogue so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from luthier.tasks.answer import Answer, AnswerSchema, Field
from luthier.tasks.base import Task
from luthier.tasks.example import Example, Target, Turn
from luthier.tasks.record import RecordReader, common_columns, describe, is_missing, parse_cell

_ROLES = ("system", "user", "assistant")


class Generation(Task):
    """Which text answers an input."""

    type: Literal["generation"] = "generation"

    @property
    def metrics(self) -> tuple[str, ...]:
        """As `Task.metrics`."""
        return ("rouge1", "rouge2", "rougeL", "bleu", "chrf", "exact_match", "format_error_rate")

    @property
    def primary_metric(self) -> str:
        """`rougeL`."""
        return "rougeL"

    @property
    def columns(self) -> Mapping[str, bool]:
        """As `Task.columns`. `input` may be empty where the record has an `instruction`."""
        return {
            "input": True,
            "output": True,
            "instruction": False,
            "history": False,
            "system": False,
            "reason": False,
            "reasons": False,
        }

    def example(
        self, record: Mapping[str, Any], *, id: str, origin: str = "", labelled: bool = True
    ) -> Example:
        """As `Task.example`."""
        reader = RecordReader(record)
        text = reader.text("input", required=False)
        instruction = reader.text("instruction", required=False)
        if text is None and instruction is None and not reader.problems:
            reader.add("input", "is empty, and there is no instruction", allowed="a text in one of the two")
        output = reader.text("output") if labelled else None
        history = _history(reader)
        reasons = reader.reasons([""])
        reason = reader.text("reason", required=False)
        if reason is not None:
            reasons[""] = reason
        common = reader.common()
        reader.finish()
        return Example(
            id,
            text or "",
            output,
            instruction=instruction,
            history=history,
            reasons=reasons,
            origin=origin,
            **common,
        )

    def record(self, example: Example) -> dict[str, Any]:
        """As `Task.record`."""
        turns = [{"role": turn.role, "content": turn.content} for turn in example.history]
        system = turns.pop(0)["content"] if turns and turns[0]["role"] == "system" else None
        found = {
            "id": example.id,
            "system": system,
            "history": turns or None,
            "instruction": example.instruction,
            "input": example.text or None,
            "output": example.target,
        }
        return {name: value for name, value in found.items() if value is not None} | common_columns(example)

    def schema(self) -> AnswerSchema:  # type: ignore[override]  # pydantic's own is deprecated
        """As `Task.schema`: one unnamed field."""
        key, reason = ("输出", "理由") if self.language == "zh" else ("output", "reason")
        return AnswerSchema((Field("", "text"),), key, key, reason)

    def answer(self, example: Example) -> Answer:
        """As `Task.answer`."""
        return {"": (example.target,)} if isinstance(example.target, str) else {}

    def target(self, answer: Answer, example: Example) -> Target:
        """As `Task.target`. No answer at all is the empty text."""
        del example
        return "".join(answer.get("", ())[:1])

    def strata(self, example: Example) -> tuple[str, ...]:
        """None: an open text has no labels to keep in proportion."""
        del example
        return ()


def _history(reader: RecordReader) -> tuple[Turn, ...]:
    """Reads `system` and `history` ({role, content} objects, oldest first, user and assistant in turn)."""
    system = reader.text("system", required=False)
    turns = [Turn("system", system)] if system is not None else []
    value = parse_cell(reader.record.get("history"))
    if is_missing(value):
        return tuple(turns)
    if not isinstance(value, list | tuple):
        reader.add("history", f"is {describe(value)}", allowed="a list of turns, oldest first")
        return ()
    expected = "user"
    for number, item in enumerate(value):
        field = f"history[{number}]"
        role, content = (item.get("role"), item.get("content")) if isinstance(item, Mapping) else (None, None)
        if role not in _ROLES or not isinstance(content, str):
            reader.add(
                field, f"is {describe(item)}", allowed='{"role": "user" or "assistant", "content": "..."}'
            )
            return ()
        if role == "system" and not turns and number == 0:
            turns.append(Turn("system", content))
            continue
        if role != expected:
            reader.add(field, f"is a turn of the {role}", allowed=f"a turn of the {expected}: they alternate")
            return ()
        turns.append(Turn(cast(Literal["user", "assistant"], role), content))
        expected = "assistant" if role == "user" else "user"
    if expected == "assistant":
        reader.add("history", "ends with the user", allowed="a turn of the assistant before the input")
    return tuple(turns)
