"""Examples under headings, as a writer sees and writes them, and a reply read back into an example."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from luthier.design import Design, SampleWriter
from luthier.design.reading import DeviationKind
from luthier.generation.words import words
from luthier.tasks import Example, RecordError, Target, Task
from luthier.text import shorten

_FENCE = re.compile(r"\A\s*```\w*\n|\n```\s*\Z")
_PARTS = ("task", "text", "first", "second", "answer")


@dataclass(frozen=True, slots=True)
class Read:
    """A reply, read.

    Attributes:
        example: What it says; None where it cannot be used.
        kind: Why not; empty where it can.
        detail: The piece of text that shows it.
    """

    example: Example | None
    kind: str = ""
    detail: str = ""


class ExampleForm:
    """Writes examples under the headings of the task's language, answers as the design writes them.

    Args:
        task: The task.
        design: How answers are written and read.
        like: An example that shows which parts there are: a second text, an instruction of its own.
    """

    def __init__(self, task: Task, design: Design, like: Example) -> None:
        self.task = task
        self._writer = SampleWriter(design.model_copy(update={"chat": "plain"}), task, chat=None, eos="")
        self._words: Mapping[str, str] = words(task.language)
        pair = like.text_pair is not None
        own = bool(like.instruction)
        self._input = [
            *(["task"] if own else []),
            *(["first", "second"] if pair else ["text"]),
        ]

    @cached_property
    def asks_target(self) -> bool:
        """Whether the whole target can be asked for: every field takes labels, and none a free text."""
        return all(field.kind in ("label", "labels") for field in self.task.schema().fields)

    @property
    def opening(self) -> str:
        """The heading that a plain reply continues."""
        return f"{self._words[self._input[0]]}\n"

    @property
    def stop(self) -> str:
        """The heading behind which a plain reply belongs to another example."""
        return "\n" + (self._words["answer"] if self.asks_target else self._words[self._input[0]])

    def instruction(self, example: Example) -> str:
        """Returns the task's wording; empty where every example has an instruction of its own."""
        if example.instruction:
            return ""
        prompt = self._writer.prompt(example)
        return "\n".join(item.text for item in prompt.segments if item.role == "instruction")

    def answer(self, example: Example) -> str:
        """Returns a labelled example's answer as the design writes it."""
        sample = self._writer.sample(example)
        return "".join(item.text for item in sample.segments if item.role == "answer").strip()

    def write(self, example: Example, *, answer_first: bool = False) -> str:
        """Writes a labelled example, its answer last unless said otherwise."""
        texts = {
            "task": example.instruction,
            "text": example.text,
            "first": example.text,
            "second": example.text_pair,
            "answer": self.answer(example),
        }
        names = ["answer", *self._input] if answer_first else [*self._input, "answer"]
        return "\n\n".join(f"{self._words[name]}\n{texts[name] or ''}" for name in names)

    def read(self, text: str, asked: Target | None, id: str, *, is_plain: bool = False) -> Read:
        """Reads a reply.

        Args:
            text: From its first heading on.
            asked: The target asked for; None where the writer was to choose it.
            id: Of the new example.
            is_plain: Whether the answer may have stood in the prompt, see `Prompt.plain`.
        """
        parts = self._parts(_FENCE.sub("", text))
        first = self._input[-2] if self._input[-1] == "second" else self._input[-1]
        if not parts.get(first, ""):
            return Read(None, "no text" if text.strip() else "empty", shorten(text))
        missing = next((name for name in self._input if not parts.get(name)), None)
        if missing is not None:
            return Read(None, "no text", shorten(text))
        example = Example(id, parts[first], text_pair=parts.get("second"), instruction=parts.get("task"))
        if "answer" not in parts:
            if asked is None or not is_plain:
                return Read(None, "no answer", shorten(text))
            return self._checked(replace(example, target=asked))
        return self._with_answer(example, parts["answer"], asked)

    def _with_answer(self, example: Example, written: str, asked: Target | None) -> Read:
        reading = self._writer.read(written, example)
        for note in reading.deviations:
            if note.kind.is_format_error or note.kind == DeviationKind.NOT_IN_TEXT:
                return Read(None, f"answer: {note.kind.value}", note.detail or shorten(written))
        target = self._writer.target(reading, example)
        if asked is not None and target != asked:
            return Read(None, "another answer", shorten(written))
        return self._checked(replace(example, target=target, reasons=reading.reasons))

    def _checked(self, example: Example) -> Read:
        """Reads the example as a record, so that what is kept can stand in a file."""
        try:
            self.task.example(self.task.record(example), id=example.id)
        except RecordError as error:
            return Read(None, "no record", shorten(str(error)))
        return Read(example)

    def _parts(self, text: str) -> dict[str, str]:
        """What stands under each heading, of the first example in the text."""
        names = {self._words[name].lstrip("# "): name for name in _PARTS}
        choice = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        heading = re.compile(rf"^[#*]+[ \t]*({choice})[*]*[ \t]*[:：]?[*]*[ \t]*(?=\n|\Z|\S)", re.MULTILINE)
        found = list(heading.finditer(text))
        parts: dict[str, str] = {}
        for number, match in enumerate(found):
            name = names[match[1]]
            if name in parts:  # another example begins
                break
            end = found[number + 1].start() if number + 1 < len(found) else len(text)
            parts[name] = text[match.end() : end].strip()
        return parts
