"""The copies of one example: what each augmenter makes of it, from generators of its own.

All of this looks at one example alone, so that examples may be worked on in any order, process or engine.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from luthier.augment import Augmenter, Source, Variant, protected_spans
from luthier.data.augmenting.report import EMPTY, LOST, REPEATED, UNCHANGED, Refusal
from luthier.tasks import Entity, Example, Target, Task
from luthier.text import guess_language, normalise

_ATTEMPTS = 5
"""How often an augmenter may draw for one copy before there is none."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One copy that is to be made: the `number`-th, from 1, that an augmenter makes of an original."""

    original: Example
    augmenter: str
    number: int

    @property
    def id(self) -> str:
        """The copy's id."""
        return f"{self.original.id}~{self.augmenter}-{self.number}"

    def refuse(self, reason: str, text: str = "") -> Refusal:
        """Returns the refusal that stands in its place."""
        return Refusal(self.original.id, self.augmenter, reason, text)

    def generator(self, seed: int) -> Random:
        """Returns its own generator: nothing else in the data has a part in what it draws."""
        key = f"{seed}\0{self.original.id}\0{self.augmenter}\0{self.number}"
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        return Random(int.from_bytes(digest[:8], "big"))


@dataclass(frozen=True, slots=True)
class Copy:
    """A varied example.

    Attributes:
        example: With an id of its own, and its target where the varied text has it.
        original: Id of the example that it varies.
        augmenter: Name of the augmenter that made it, see `names`.
        variant: How its text came about.
    """

    example: Example
    original: str
    augmenter: str
    variant: Variant


def names(augmenters: Sequence[Augmenter]) -> list[str]:
    """Returns a name for each augmenter: its type, with a number from 2 where the type comes again."""
    met: Counter[str] = Counter()
    found = []
    for augmenter in augmenters:
        met[augmenter.type] += 1
        count = met[augmenter.type]
        found.append(augmenter.type if count == 1 else f"{augmenter.type}.{count}")
    return found


def source_of(example: Example, task: Task) -> Source:
    """Returns what augmenters are given of an example: text, language and what must stay.

    The language is the record's own where that is English or Chinese, else what the script says.
    """
    own = (example.language or "").casefold()
    language = guess_language(example.text)
    if own.startswith(("en", "zh")):
        language = "zh" if own.startswith("zh") else "en"
    return Source(example.text, language, protected_spans(example, task))


def vary_example(
    example: Example, task: Task, augmenters: Sequence[Augmenter], seed: int
) -> Iterator[Copy | Refusal]:
    """Yields the copies of a labelled example, and a refusal in place of each that there is not.

    No two of them say the same, nor the same as the example: case, width and white space aside.

    Args:
        example: With a target.
        task: What it is labelled for.
        augmenters: Each makes as many copies as it is set to.
        seed: With the example's id, the augmenter's name and the copy's number the only source of chance.
    """
    source = source_of(example, task)
    seen = {normalise(example.text)}
    for name, augmenter in zip(names(augmenters), augmenters, strict=True):
        for number in range(1, augmenter.copies + 1):
            yield _varied(Wanted(example, name, number), source, augmenter, seed, seen)


def _varied(
    wanted: Wanted, source: Source, augmenter: Augmenter, seed: int, seen: set[str]
) -> Copy | Refusal:
    """Makes a copy that says what none in `seen` says, and adds it there."""
    draw = wanted.generator(seed)
    said = ""
    for _ in range(_ATTEMPTS):
        variant = augmenter.vary(source, draw)
        said = normalise(variant.after)
        if said not in seen:
            seen.add(said)
            return finish(wanted, source, variant)
    return wanted.refuse(UNCHANGED if said == normalise(source.text) else REPEATED)


def finish(wanted: Wanted, source: Source, variant: Variant) -> Copy | Refusal:
    """Returns a variant as a copy, its target where it now stands; a refusal where that cannot be told."""
    after, original = variant.after, wanted.original
    if not after.strip():
        return wanted.refuse(EMPTY)
    if None in variant.forward_all(source.protected):
        return wanted.refuse(LOST, after)
    copy = replace(original, id=wanted.id, text=after, target=_moved(original.target, variant))
    return Copy(copy, original.id, wanted.augmenter, variant)


def _moved(target: Target | None, variant: Variant) -> Target | None:
    """Returns the target with its entities where they stand now: all of them do, as they are protected."""
    entities = [item for item in target if isinstance(item, Entity)] if isinstance(target, tuple) else []
    if not entities:
        return target
    places = variant.forward_all([(item.start, item.end) for item in entities])
    return tuple(
        sorted(
            item if place is None else replace(item, start=place[0], end=place[1])
            for item, place in zip(entities, places, strict=True)
        )
    )
