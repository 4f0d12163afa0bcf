"""Who writes, seen from the stage that asks: prompts in, replies out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request.

    Attributes:
        number: Of the request, from 0; also decides what a local model draws.
        system: What the writer is told about its work.
        user: What it is asked for.
        plain: The same for a model that only continues text: a list of examples that breaks off where the
            reply begins.
        stop: Text behind which a plain reply has ended.
    """

    number: int
    system: str
    user: str
    plain: str
    stop: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes:
        text: As it was written.
        ended: Whether the writer came to an end, rather than running out of tokens.
        tokens: How many it wrote, as the writer counts them.
        is_plain: Whether it continues `Prompt.plain`.
    """

    text: str
    ended: bool
    tokens: int
    is_plain: bool = False


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn; see `GenerateOptions`."""

    temperature: float
    top_p: float
    reply_tokens: int


class TextWriter(Protocol):
    """Writes replies."""

    batch: int
    """Prompts that it takes best at once."""

    def write(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[tuple[Prompt, Reply]]:
        """Yields each prompt with its reply, as they come.

        Raises:
            luthier.errors.LuthierError: Where the writer cannot be reached, or refuses.
        """
