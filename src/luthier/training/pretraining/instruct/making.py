"""Drafts to instructions: wording, format and layout are drawn, and what is written must be read back."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from math import ceil
from random import Random
from typing import TYPE_CHECKING, Any

from luthier.design import ChatTemplate, Design, Sample, SampleWriter, check
from luthier.models import Encoder, TooLongError, chat_template
from luthier.tasks import Classification, Example, Generation
from luthier.text import Language
from luthier.training.pretraining.instruct.kinds import KINDS, Draft, Kind
from luthier.training.pretraining.instruct.material import Material

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_PATIENCE = 2000
"""Draws in a row that come to nothing after which a kind is given up: the documents do not hold it."""

_COMMONEST = 0.55
"""Largest share of the examples of a kind and language that one class may have."""

_FORMATS = {"lines": 40, "json": 25, "natural": 20, "pairs": 15}
_SHIPPED = 0.25
_LAST = 0.25
_NUMBERS = 0.12
_OMIT = 0.25
_PLAIN = 0.3


@dataclass(frozen=True)
class Instruction:
    """One instruction as it is trained on.

    Attributes:
        kind: Name of its kind.
        language: Of wording and text.
        writer: The design and the task; reads answers too.
        example: Input and right answer.
        sample: What the model reads.
        balance: As in `Draft`.
    """

    kind: str
    language: Language
    writer: SampleWriter
    example: Example
    sample: Sample
    balance: str

    def to_row(self) -> dict[str, Any]:
        """The instruction as one JSON object: how it was designed, its prompt and its answer as rendered."""
        design, task = self.writer.design, self.writer.task
        return {
            "id": self.example.id,
            "kind": self.kind,
            "language": self.language,
            "task": task.type,
            "format": design.format.type,
            "prompt": "".join(item.text for item in self.sample.segments if item.side == "prompt"),
            "answer": "".join(item.text for item in self.sample.segments if item.role == "answer"),
        }


@functools.cache
def wordings(language: Language) -> dict[str, tuple[str, ...]]:
    """Our own wordings by kind, placeholders still in them."""
    from ruamel.yaml import YAML

    place = resources.files("luthier.training.pretraining.instruct").joinpath("wordings", f"{language}.yaml")
    loaded = YAML(typ="safe", pure=True).load(place.read_text("utf-8"))
    return {kind: tuple(pool) for kind, pool in loaded.items()}


class Maker:
    """Makes instructions for one tokenizer.

    Args:
        tokenizer: Says whether there is a chat template, and counts tokens.
        max_length: Tokens that an instruction may have with its answer.

    Attributes:
        dropped: Drafts that were not used, by reason.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, max_length: int) -> None:
        self._chat: ChatTemplate | None = chat_template(tokenizer)
        self._eos = str(tokenizer.eos_token)
        self._encoder = Encoder(tokenizer, max_length)
        self.dropped: Counter[str] = Counter()

    def make(
        self, kind: str, material: Material, language: Language, seed: str, prefix: str = ""
    ) -> Iterator[Instruction]:
        """Yields instructions of one kind for as long as the documents give any.

        Args:
            kind: Name of the kind.
            material: The documents.
            language: Of the wording and, where the kind does not ask for another, of the text.
            seed: Everything that is drawn follows from it.
            prefix: What ids begin with.
        """
        random = Random(f"{seed}/{kind}/{language}")
        made, failed = 0, 0
        classes: Counter[str] = Counter()
        while failed < _PATIENCE:
            draft = KINDS[kind].make(material, language, random)
            instruction = None
            if draft is not None and classes[draft.balance] < ceil(_COMMONEST * (made + 1)):
                id = f"{prefix}{kind}-{language}-{made + 1}"
                instruction = self._instruction(KINDS[kind], language, draft, id, random)
            if instruction is None:
                failed += 1
                continue
            made, failed = made + 1, 0
            classes[instruction.balance] += bool(instruction.balance)
            yield instruction

    def _instruction(
        self, kind: Kind, language: Language, draft: Draft, id: str, random: Random
    ) -> Instruction | None:
        design = draw_design(kind, language, draft, random, chat=self._chat is not None)
        example = Example(id, draft.text, draft.target, draft.text_pair, language=language)
        if check(design, draft.task):
            self.dropped["labels or fields that cannot be told apart"] += 1
            return None
        writer = SampleWriter(design, draft.task, self._chat, self._eos)
        sample = writer.sample(example)
        if not _is_read_back(writer, sample, example):
            self.dropped["answer not read back as it was written"] += 1
            return None
        try:
            supervised = self._encoder(sample).supervised
        except TooLongError:
            self.dropped["too long"] += 1
            return None
        # Between every token alike, where a copied sentence would outweigh thirty labels, and every example
        # alike, where a copied word would count for next to nothing.
        weight = supervised**-0.5
        return Instruction(
            kind.name,
            language,
            writer,
            replace(example, weight=weight),
            replace(sample, weight=weight),
            draft.balance,
        )


def _is_read_back(writer: SampleWriter, sample: Sample, example: Example) -> bool:
    answer = "".join(item.text for item in sample.segments if item.side == "answer")
    reading = writer.read(answer, example)
    return not reading.deviations and writer.target(reading, example) == example.target


def draw_design(kind: Kind, language: Language, draft: Draft, random: Random, *, chat: bool) -> Design:
    """Draws how a draft is written: wording, its place, format, placeholder, numbers, layout."""
    task = draft.task
    single = isinstance(task, Classification | Generation)
    several = not single or getattr(task, "multi_label", False)
    own = kind.shipped is None or random.random() >= _SHIPPED
    wording = random.choice(wordings(language)[kind.name])
    for name, value in draft.values.items():
        wording = wording.replace(f"{{{name}}}", value.replace("{", "{{").replace("}", "}}"))
    numbered = isinstance(task, Classification) and all(len(label) > 1 for label in task.labels)
    return Design.model_validate(
        {
            "strategy": "custom",
            "instruction": "last" if random.random() < _LAST else "first",
            "instructions": (f"{wording}\n{{format}}",) if own else kind.shipped,
            "format": {"type": random.choices(list(_FORMATS), list(_FORMATS.values()))[0]},
            "unmentioned": "omit" if several and random.random() < _OMIT else "placeholder",
            "labels": "number" if numbered and random.random() < _NUMBERS else "text",
            "chat": "auto" if chat and random.random() >= _PLAIN else "plain",
        }
    )


def balance_of(instructions: Sequence[Instruction]) -> float:
    """The share of the commonest class among instructions, 0 to 1; 0 where their answers are open."""
    counted = Counter(item.balance for item in instructions if item.balance)
    return max(counted.values()) / sum(counted.values()) if counted else 0.0
