"""One example made clean: its texts mended, its spans moved with them, or the reason to leave it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from luthier.data.cleaning.languages import is_in
from luthier.data.cleaning.options import CleanOptions
from luthier.data.cleaning.rules import Rule
from luthier.data.duplicates import content
from luthier.edits import Rewritten
from luthier.tasks import Entity, Example, Generation, Target, Task
from luthier.tasks.example import UNPLACED

CountTokens = Callable[[str], int]
"""How many tokens the model reads a text as."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A text after all rules.

    Attributes:
        text: As it is now.
        steps: By the name of each rule that changed something, what it changed.
    """

    text: str
    steps: Mapping[str, Rewritten]

    def forward(self, start: int, end: int) -> tuple[int, int]:
        """Returns where a span of the text before lies now; see `Rewritten.forward`."""
        for step in self.steps.values():
            start, end = step.forward(start, end)
        return start, end

    def backward(self, start: int, end: int) -> tuple[int, int]:
        """Returns where a span of the text now lay before."""
        for step in reversed(list(self.steps.values())):
            start, end = step.backward(start, end)
        return start, end


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of an example.

    Attributes:
        example: As it is now; None where it is left out.
        reason: Why it is left out; empty where it stays.
        rules: Names of the rules that changed one of its texts.
    """

    example: Example | None
    reason: str
    rules: tuple[str, ...]


def mend(text: str, rules: Mapping[str, Rule]) -> Mended:
    """Applies the rules to a text, one after the other."""
    steps: dict[str, Rewritten] = {}
    for name, rule in rules.items():
        if rule.concerns(text):
            step = rule.rewrite(text)
            if step.edits:
                steps[name] = step
                text = step.after
    return Mended(text, steps)


def clean_example(
    example: Example,
    task: Task | None,
    options: CleanOptions,
    count_tokens: CountTokens | None = None,
    *,
    outputs: bool = True,
) -> Cleaned:
    """Mends an example, or says why it is left out. A pure function of its arguments.

    Args:
        example: As it was read.
        task: Whose example it is; None for a record of which nothing is known but its text.
        options: The rules.
        count_tokens: Of the model, for `max_tokens`, which means nothing without.
        outputs: As in `mend_example`.
    """
    changed, rules = mend_example(example, task, options, outputs=outputs)
    reason = _reason(changed, options, count_tokens)
    if not reason and rules and _lost(example, changed):
        reason = "entity lost"
    return Cleaned(None if reason else changed, reason, rules)


def mend_example(
    example: Example, task: Task | None, options: CleanOptions, *, outputs: bool = True
) -> tuple[Example, tuple[str, ...]]:
    """Mends every text of an example: input, pair, instruction, turns, reasons, a free output.

    Entities keep their types and lie where their text lies now; one of which nothing is left is gone.

    Args:
        example: As it was read.
        task: Whose example it is.
        options: The rules.
        outputs: Whether a free output is mended too; that of a test set is what predictions are held against.

    Returns:
        The example, the same object where nothing changed, and the names of the rules that changed something.
    """
    rules = options.rules(task)
    used: dict[str, None] = {}

    def mended(text: str) -> str:
        found = mend(text, rules)
        used.update(dict.fromkeys(found.steps))
        return found.text

    text = mend(example.text, rules)
    used.update(dict.fromkeys(text.steps))
    output = example.target
    if outputs and isinstance(task, Generation) and isinstance(output, str):
        output = mended(output)
    pair = None if example.text_pair is None else mended(example.text_pair)
    instruction = None if example.instruction is None else mended(example.instruction)
    history = tuple(replace(turn, content=mended(turn.content)) for turn in example.history)
    reasons = {name: mended(reason) for name, reason in example.reasons.items()}
    if not used:
        return example, ()
    changed = replace(
        example,
        text=text.text,
        target=_moved(output, text) if isinstance(output, tuple) else output,
        text_pair=pair,
        instruction=instruction,
        history=history,
        reasons=reasons,
    )
    return changed, tuple(used)


def mend_input(example: Example, task: Task | None, options: CleanOptions) -> tuple[Example, tuple[str, ...]]:
    """Mends what a model reads and nothing else: of a test record, or of one to be predicted.

    A record of which the rules would leave nothing, or lose an entity, is read as it is.

    Args:
        example: As it was read, labelled or not.
        task: Whose example it is.
        options: The rules, those of the training data.

    Returns:
        As `mend_example`.
    """
    changed, rules = mend_example(example, task, options, outputs=False)
    target = example.target
    whole = not isinstance(target, tuple) or len(target) == len(changed.target or ())
    if not whole or not (changed.text or changed.instruction or "").strip():
        return example, ()
    return changed, rules


def unmended(target: Target, example: Example, task: Task | None, options: CleanOptions) -> Target:
    """Returns what a model found in the mended input of an example with places in the text as it was.

    Args:
        target: Of `mend_input(example, task, options)`; what is no entities stays as it is.
        example: As it was read.
        task: Whose example it is.
        options: The rules.
    """
    if not isinstance(target, tuple) or not any(isinstance(item, Entity) for item in target):
        return target
    text = mend(example.text, options.rules(task))
    if not text.steps or not text.text.strip():
        return target
    entities = (item for item in target if isinstance(item, Entity))
    placed = ((item, _placed(item, text.backward, example.text)) for item in entities)
    # A rule may have put something in where there was nothing.
    return tuple(
        sorted(new if new.text else replace(old, start=UNPLACED, end=UNPLACED) for old, new in placed)
    )


def _moved(target: tuple[str, ...] | tuple[Entity, ...], text: Mended) -> Target:
    """Returns entities where their text lies now; of which nothing is left, and repeated ones, go."""
    if not text.steps:
        return target
    entities = [_placed(item, text.forward, text.text) for item in target if isinstance(item, Entity)]
    if not entities:
        return target
    return tuple(sorted({entity for entity in entities if entity.text}))


def _placed(entity: Entity, move: Callable[[int, int], tuple[int, int]], text: str) -> Entity:
    if entity.start == UNPLACED:
        return entity
    start, end = move(entity.start, entity.end)
    # What a rule left at the edges of a span ("the  " before a mark) does not belong to it.
    surface = text[start:end]
    start += len(surface) - len(surface.lstrip())
    surface = surface.strip()
    return Entity(start, start + len(surface), entity.type, surface)


def _reason(example: Example, options: CleanOptions, count_tokens: CountTokens | None) -> str:
    """Says why an example is left out, judged by what it is compared by: its input, else its instruction."""
    text = content(example)
    if not text.strip() or (example.text_pair is not None and not example.text_pair.strip()):
        return "empty"
    if isinstance(example.target, str) and not example.target.strip():
        return "empty output"
    if len(text) < options.min_characters:
        return "too short"
    if options.max_characters is not None and len(text) > options.max_characters:
        return "too long"
    if options.max_tokens and count_tokens is not None and count_tokens(text) > options.max_tokens:
        return "too many tokens"
    if options.languages and not is_in(text, options.languages):
        return "another language"
    return ""


def _lost(before: Example, after: Example) -> bool:
    """Tells whether an entity that was marked has nothing left of it, or no place of its own."""
    if not isinstance(before.target, tuple) or not isinstance(after.target, tuple):
        return False
    return len(after.target) < len(before.target)
