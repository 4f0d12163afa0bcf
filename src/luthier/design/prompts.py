"""Prompts as segments: the plain layout, and the layout of a chat template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from luthier.design.chat import ChatRole, ChatTemplate
from luthier.design.sample import Segment
from luthier.tasks.example import Turn


@dataclass(frozen=True, slots=True)
class Content:
    """What a prompt says, before it is laid out.

    Attributes:
        instruction: The drawn wording, or the example's own instruction; "" for none.
        own: Whether the instruction is the example's own, and so a part of what the user says.
        placement: Whether the instruction stands before or after the input.
        system: What the dialogue's own system turn says; "" for none.
        history: Earlier user and assistant turns.
        texts: The input, or the two inputs of a pair.
    """

    instruction: str
    own: bool
    placement: Literal["first", "last"]
    system: str
    history: tuple[Turn, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt and what its layout puts around the answer.

    Attributes:
        segments: Up to where the answer begins.
        gap: What stands before the answer's own text and is the model's to write (the space after `[/INST]`).
        end: What ends the answer: EOS, or the end-of-turn text with what the template puts before it.
    """

    segments: tuple[Segment, ...]
    gap: str
    end: str


class Layout(Protocol):
    """Lays out the contents of a prompt."""

    def prompt(self, content: Content) -> Prompt:
        """Returns the prompt as segments; what earlier assistant turns say is supervised."""


def _join(blocks: list[list[Segment]], between: str = "\n\n") -> list[Segment]:
    joined: list[Segment] = []
    for block in blocks:
        if joined and block:
            joined.append(Segment(between, "template"))
        joined.extend(block)
    return joined


def _instruction(text: str) -> list[Segment]:
    return [Segment(text, "instruction")] if text else []


@dataclass(frozen=True)
class PlainLayout:
    """Blocks parted by blank lines: instruction, lead-in and input, answer lead-in.

    Attributes:
        leads: Lead-ins by what follows them.
        eos: The text of the end-of-sequence token.
    """

    leads: Mapping[str, str]
    eos: str

    def prompt(self, content: Content) -> Prompt:
        """As `Layout.prompt`."""
        first, last = (content.instruction, "") if content.placement == "first" else ("", content.instruction)
        blocks = [_instruction(content.system), _instruction(first)]
        blocks += [self._turn(turn) for turn in content.history]
        if any(text.strip() for text in content.texts) or not content.instruction:
            blocks += self._inputs(content.texts)
        blocks += [_instruction(last), [Segment(self.leads["answer"] + "\n", "template")]]
        return Prompt(tuple(_join(blocks)), "", self.eos)

    def _inputs(self, texts: tuple[str, ...]) -> list[list[Segment]]:
        names = ("text",) if len(texts) == 1 else ("first", "second")
        return [
            [Segment(self.leads[name] + "\n", "template"), Segment(text, "input")]
            for name, text in zip(names, texts, strict=True)
        ]

    def _turn(self, turn: Turn) -> list[Segment]:
        if turn.role == "assistant":
            lead = Segment(self.leads["answer"] + "\n", "template")
            return [lead, Segment(turn.content, "answer", True), Segment(self.eos, "end", True)]
        return [Segment(self.leads["text"] + "\n", "template"), Segment(turn.content, "input")]


@dataclass
class ChatLayout:
    """The model's own chat template.

    A drawn instruction that comes first stands in the system turn, where the template has one; an example's
    own instruction is what the user says.

    Attributes:
        template: The template.
        leads: Lead-ins for the two texts of a pair.
    """

    template: ChatTemplate
    leads: Mapping[str, str]
    _cuts: dict[tuple[ChatRole, ...], tuple[list[str], str, str]] = field(default_factory=dict, init=False)
    _system: bool | None = field(default=None, init=False)

    def prompt(self, content: Content) -> Prompt:
        """As `Layout.prompt`.

        Raises:
            luthier.errors.UserError: Where the template refuses the order of the turns.
        """
        turns = self._turns(content)
        roles = tuple(role for role, _ in turns)
        if roles not in self._cuts:
            self._cuts[roles] = self._cut(roles)
        parts, gap, end = self._cuts[roles]
        segments = [Segment(parts[0], "template")]
        for (role, said), part in zip(turns, parts[1:], strict=True):
            segments.extend(said)
            behind = part
            stop = behind.find(self.template.end) if role == "assistant" and self.template.end else -1
            if stop >= 0 and not behind[:stop].strip():
                stop += len(self.template.end)
                segments.append(Segment(behind[:stop], "end", True))
                behind = behind[stop:]
            segments.append(Segment(behind, "template"))
        return Prompt(tuple(item for item in segments if item.text), gap, end)

    def _turns(self, content: Content) -> list[tuple[ChatRole, list[Segment]]]:
        in_system = content.placement == "first" and not content.own
        system = _join([_instruction(content.system), _instruction(content.instruction if in_system else "")])
        texts: list[list[Segment]] = [[Segment(text, "input")] for text in content.texts if text.strip()]
        if len(content.texts) > 1:
            texts = [
                [Segment(self.leads[name] + "\n", "template"), Segment(text, "input")]
                for name, text in zip(("first", "second"), content.texts, strict=True)
            ]
        said = [] if in_system else [_instruction(content.instruction)]
        last = _join([*said, *texts] if content.placement == "first" else [*texts, *said])
        turns: list[tuple[ChatRole, list[Segment]]] = [
            (
                turn.role,
                [Segment(turn.content, "answer", True)]
                if turn.role == "assistant"
                else [Segment(turn.content, "input")],
            )
            for turn in content.history
        ]
        turns.append(("user", last))
        if not system:
            return turns
        if self._has_system():
            return [("system", system), *turns]
        place = next(index for index, (role, _) in enumerate(turns) if role == "user")
        turns[place] = ("user", _join([system, turns[place][1]]))
        return turns

    def _has_system(self) -> bool:
        if self._system is None:
            self._system = self.template.has_system()
        return self._system

    def _cut(self, roles: tuple[ChatRole, ...]) -> tuple[list[str], str, str]:
        """Returns the template's parts around the contents, and what it puts before and behind an answer."""
        parts = self.template.cut(roles, generate=True)
        end = self.template.end
        *before, last, behind = self.template.cut((*roles, "assistant"), generate=False)
        if before != parts[:-1] or not last.startswith(parts[-1]):
            # The template writes a finished turn in another way than one that is to be generated.
            return parts, "", end
        stop = behind.find(end) if end else -1
        return parts, last[len(parts[-1]) :], behind[: stop + len(end)] if stop >= 0 else end
