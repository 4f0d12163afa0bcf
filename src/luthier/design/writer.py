"""`SampleWriter`: an example to a sample, a prompt or scoring candidates, and text back to a reading."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from luthier.design.chat import ChatTemplate
from luthier.design.formats.base import Written
from luthier.design.instructions import draw, fill, leads, placeholders, pool
from luthier.design.numbers import NumberedLabels
from luthier.design.options import Design
from luthier.design.prompts import ChatLayout, Content, Layout, PlainLayout, Prompt
from luthier.design.reading import Deviation, DeviationKind, Reading
from luthier.design.sample import Sample, Segment
from luthier.errors import UserError
from luthier.tasks.answer import Answer
from luthier.tasks.base import Task
from luthier.tasks.example import UNPLACED, Entity, Example, Target

# What ends a value: the marks directly behind it, and the line break after them.
_DELIMITER = re.compile(r"[^\w\s]*\n?")
_COMMA = re.compile("[,，、]")
_SUFFIX = re.compile("#[0-9]+$")


@dataclass(frozen=True, slots=True)
class Candidates:
    """Texts whose log-probabilities, compared, say which label a model gives to a field.

    Attributes:
        prefix: What stands between the prompt and the field's value.
        options: Label to the text that continues the prefix, up to and with what ends the value: a delimiter,
            or the end of the answer. No option is the beginning of another.
    """

    prefix: str
    options: Mapping[str, str]


class SampleWriter:
    """Writes samples of one design for one task, and reads what a model writes.

    Args:
        design: The sample design, already checked against the task.
        task: The task.
        chat: The model's chat template, or None where it has none.
        eos: Text of the end-of-sequence token, for the plain layout.
        seed: Draws instruction wordings.

    Raises:
        UserError: Where the design asks for a chat template and the model has none.
    """

    def __init__(
        self, design: Design, task: Task, chat: ChatTemplate | None, eos: str, seed: int = 0
    ) -> None:
        if design.chat == "template" and chat is None:
            raise UserError(
                "`design.chat: template`, but the model has no chat template",
                "use `auto` or `plain`, or a chat model",
            )
        self.design = design
        self.task = task
        self.seed = seed
        self.style = design.style(task.language)
        self._words = task.schema()
        self._numbers = NumberedLabels(task.numbers_by_label()) if design.labels == "number" else None
        self._schema = self._numbers.schema(self._words) if self._numbers else self._words
        self._values = placeholders(design, self._words, self._schema, self.style)
        words = leads(task.language)
        self._layout: Layout = (
            PlainLayout(words, eos) if chat is None or design.chat == "plain" else ChatLayout(chat, words)
        )

    def sample(self, example: Example) -> Sample:
        """Returns a labelled example as prompt, answer and end; raises ValueError where it has no target."""
        if example.target is None:
            raise ValueError(f"example {example.id} has no target")
        prompt = self._prompt(example)
        written = self._write(self.task.answer(example), example.reasons)
        answer = Segment(prompt.gap + written.text, "answer", True)
        segments = (*self._segments(prompt), answer, Segment(prompt.end, "end", True))
        return Sample(example.id, tuple(item for item in segments if item.text), example.weight)

    def prompt(self, example: Example) -> Sample:
        """Returns the same sample without its last answer."""
        return Sample(example.id, self._segments(self._prompt(example)), example.weight)

    def read(self, text: str, example: Example) -> Reading:
        """Reads a model's text leniently, each deviation named. Never raises."""
        prompt = self._prompt(example)
        text = text.removesuffix(prompt.end).removeprefix(prompt.gap)
        reading = self.design.format.read(text, self._schema, self.style)
        if self._numbers:
            reading = replace(reading, answer=self._numbers.to_words(reading.answer, self._words))
        return self._check_strings(reading, example)

    def target(self, reading: Reading, example: Example) -> Target:
        """Returns the target that a reading means for an example."""
        return self.task.target(reading.answer, example)

    def candidates(
        self, example: Example, answer: Answer, field: str, reasons: Mapping[str, str] | None = None
    ) -> Candidates | None:
        """Returns what to score for one field, given the values of the fields before it.

        Args:
            example: The example.
            answer: The values so far, in words.
            field: The field's name.
            reasons: Descriptions by field name, where the design has them before the value.

        Returns:
            None where no single place in the text decides: an open field, several labels, or fields that the
            design leaves out when unmentioned.
        """
        item = self._words[field]
        if item.kind != "label" or (self.style.unmentioned == "omit" and self._words.single is None):
            return None
        prompt = self._prompt(example)
        prefix, options = "", {}
        for label in (*item.labels, *([] if item.unmentioned is None else [item.unmentioned])):
            value = () if label == item.unmentioned else (label,)
            written = self._write({**answer, field: value}, reasons or {})
            start, end = written.spans[field]
            prefix = prompt.gap + written.text[:start]
            match = _DELIMITER.match(written.text, end)
            stop = match.end() if match else end
            closing = prompt.end if stop == len(written.text) else ""
            options[label] = written.text[start:stop] + closing
        return Candidates(prefix, options)

    def _write(self, answer: Answer, reasons: Mapping[str, str]) -> Written:
        if self._numbers:
            answer = self._numbers.to_numbers(answer, self._words)
        return self.design.format.write(answer, self._schema, self.style, reasons)

    def _segments(self, prompt: Prompt) -> tuple[Segment, ...]:
        if self.design.loss_on == "output":
            return prompt.segments
        return tuple(replace(item, supervised=True) for item in prompt.segments)

    def _prompt(self, example: Example) -> Prompt:
        system = ""
        history = example.history
        if history and history[0].role == "system":
            system, history = history[0].content, history[1:]
        own = example.instruction is not None and bool(example.instruction.strip())
        content = Content(
            instruction=(example.instruction or "") if own else self._wording(example),
            own=own,
            placement="last" if self.design.instruction == "last" else "first",
            system=system,
            history=history,
            texts=(example.text,) if example.text_pair is None else (example.text, example.text_pair),
        )
        return self._layout.prompt(content)

    def _wording(self, example: Example) -> str:
        """Draws the example's wording; a dialogue speaks for itself unless the design brings wordings."""
        shipped = isinstance(self.design.instructions, str)
        if self.design.instruction == "none" or (example.history and shipped):
            return ""
        wordings = pool(self.design, self.task)
        drawn = self.design.wording
        if drawn is None:
            drawn = draw(len(wordings), self.seed, example.id)
        return fill(wordings[drawn], self._values)

    def _check_strings(self, reading: Reading, example: Example) -> Reading:
        """Drops strings said more often than the input holds them, and notes those that it does not hold."""
        if not any(item.kind == "strings" for item in self._words.fields):
            return reading
        answer: dict[str, tuple[str, ...]] = {}
        notes = dict.fromkeys(reading.deviations)
        for name, values in reading.answer.items():
            met: Counter[str] = Counter()
            kept = []
            if any(len(_told_apart(value, example.text)) > 1 for value in values):
                notes[Deviation(DeviationKind.PUNCTUATION, "; ".join(values)[:60])] = None
            for value in (part for whole in values for part in _told_apart(whole, example.text)):
                met[value] += 1
                if met[value] > 1 and met[value] > _occurrences(value, example.text, met[value]):
                    notes[Deviation(DeviationKind.REPETITION, value[:60])] = None
                else:
                    kept.append(value)
            answer[name] = tuple(kept)
        target = self.task.target(answer, example)
        for entity in target if isinstance(target, tuple) else ():
            if isinstance(entity, Entity) and entity.start == UNPLACED:
                notes[Deviation(DeviationKind.NOT_IN_TEXT, entity.text[:60])] = None
        return replace(reading, answer=answer, deviations=tuple(notes))


def _told_apart(value: str, text: str) -> tuple[str, ...]:
    """Parts a string at its commas where it does not stand in the input, and each of its parts does."""
    parts = tuple(part.strip() for part in _COMMA.split(value))
    if _SUFFIX.sub("", value) in text or not all(part and part in text for part in parts):
        return (value,)
    return parts


def _occurrences(part: str, text: str, enough: int) -> int:
    """Counts where `part` stands in `text`, overlaps too, up to `enough`."""
    count, start = 0, text.find(part)
    while start >= 0 and count < enough:
        count, start = count + 1, text.find(part, start + 1)
    return count
