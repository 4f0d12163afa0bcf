"""A writer that says what it is told to, and a few labelled reviews."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from luthier.design import Design
from luthier.generation import GenerateOptions, Prompt, Reply, Sampling, Wanted
from luthier.tasks import Classification, Example

TASK = Classification(labels=("positive", "negative"))
GIVEN = [
    Example("a", "The soup was cold and so was the waiter.", "negative"),
    Example("b", "A long wait for a small plate.", "negative"),
    Example("c", "Best noodles in years, we will be back.", "positive"),
]


class Scripted:
    """Answers each prompt with what `say` makes of it, and counts how often it is asked."""

    def __init__(self, say: Callable[[Prompt], str | Reply], batch: int = 2) -> None:
        self.batch = batch
        self.asked: list[Prompt] = []
        self._say = say

    def write(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[tuple[Prompt, Reply]]:
        for prompt in prompts:
            self.asked.append(prompt)
            said = self._say(prompt)
            yield prompt, said if isinstance(said, Reply) else Reply(said, True, 7)


def asked_label(prompt: Prompt) -> str:
    """The label that a prompt asks for: what stands below `must be`."""
    return prompt.user.split("must be:\n\n")[1].split("\n")[0]


def obedient(prompt: Prompt) -> str:
    """A new text every time, with the label asked for."""
    words = ["tea", "rice", "fish", "bread", "cake", "soup", "beans", "plums", "pears", "toast"]
    text = f"{words[prompt.number % 10].title()} number {prompt.number**3}, {asked_label(prompt)} indeed."
    return f"### Text\n{text}\n\n### Answer\n{asked_label(prompt)}"


def wanted(**options: object) -> Wanted:
    values = {"examples": 6, "attributes": {}} | options
    return Wanted(GIVEN, TASK, Design(), GenerateOptions.model_validate(values))
