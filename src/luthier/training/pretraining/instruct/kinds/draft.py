"""What a kind of instruction is, and one instruction before its design is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from luthier.tasks import Classification, Generation, Target, Task
from luthier.text import Language
from luthier.training.pretraining.instruct.material import Material


@dataclass(frozen=True)
class Draft:
    """One instruction: the task, the input and the answer, still without a wording and a format.

    Attributes:
        task: What is asked, with its own label space.
        text: The input.
        target: The right answer.
        text_pair: The second input of a pair.
        values: What the wording's own placeholders (`{word}`, `{which}`) stand for.
        balance: What must not be mostly the same: the class meant, whatever word stands for it; "" where the
            answer is open.
    """

    task: Task
    text: str
    target: Target
    text_pair: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    balance: str = ""


Make = Callable[[Material, Language, Random], Draft | None]


@dataclass(frozen=True)
class Kind:
    """A kind of instruction.

    Attributes:
        name: As the options and the wordings call it.
        make: Draws one; None where what it drew will not do, and another draw may.
        shipped: The design room's pool whose wordings will do as well; None where only our own do.
    """

    name: str
    make: Make
    shipped: Literal["default", "title"] | None = None


def choose_labels(
    variants: Mapping[Language, tuple[tuple[str, ...], ...]], language: Language, random: Random
) -> tuple[str, ...]:
    """Draws how the classes are called."""
    return random.choice(variants[language])


def classify(
    language: Language,
    names: tuple[str, ...],
    right: int,
    text: str,
    random: Random,
    *,
    pair: str | None = None,
    shuffled: bool = True,
    values: Mapping[str, str] | None = None,
) -> Draft:
    """A classification whose labels are named in any order.

    Args:
        language: Of the wording.
        names: The labels.
        right: Position of the right one.
        text: The input.
        random: Draws the order of the labels.
        pair: The second input.
        shuffled: Whether the order of the labels is free; letters and ordinals keep theirs.
        values: As in `Draft`.
    """
    order = list(names)
    if shuffled:
        random.shuffle(order)
    task = Classification(language=language, labels=tuple(order), pair=pair is not None)
    return Draft(task, text, names[right], pair, values or {}, balance=str(right))


def write(language: Language, text: str, answer: str, values: Mapping[str, str] | None = None) -> Draft:
    """A generation."""
    return Draft(Generation(language=language), text, answer, values=values or {})
