"""`Sample`: what the model reads. The second of the two records that cross the rooms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["template", "instruction", "input", "answer", "end"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a sample's text.

    Attributes:
        text: The characters, special tokens spelt out (`<|end|>`).
        role: `template` what the chat or plain template adds; `instruction`; `input`, the only role that
            truncation may shorten; `answer`; `end`, the EOS or end-of-turn token.
        supervised: Whether its tokens count in the loss.
    """

    text: str
    role: Role
    supervised: bool = False

    @property
    def side(self) -> Literal["prompt", "answer"]:
        """`answer` for what the model is to produce, else `prompt`. A side's runs are tokenised together."""
        return "answer" if self.role in ("answer", "end") else "prompt"


@dataclass(frozen=True, slots=True)
class Sample:
    """One example as a list of segments; a prompt for inference is the same list without its last answer.

    Attributes:
        id: The example's id.
        segments: In reading order.
        weight: Weight in the loss, above 0.
    """

    id: str
    segments: tuple[Segment, ...]
    weight: float = 1.0

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(segment.text for segment in self.segments)

    @property
    def supervised_text(self) -> str:
        """The text of the supervised segments."""
        return "".join(segment.text for segment in self.segments if segment.supervised)
