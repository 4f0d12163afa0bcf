"""The stage: copies of labelled examples, without those that say nothing new or that a model doubts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import fmean

from luthier.augment import Augmenter, Rewriter, paraphrase
from luthier.data.augmenting.copies import Copy, Wanted, finish, names, source_of, vary_example
from luthier.data.augmenting.drafts import Drafts
from luthier.data.augmenting.measures import Distinct
from luthier.data.augmenting.report import DISAGREED, LOST, Augmented, AugmentReport, Refusal
from luthier.data.examples import Examples
from luthier.errors import UserError
from luthier.tasks import Example, Generation, Target, Task

Judge = Callable[[Sequence[Example]], Iterable[Target]]
"""A model that says what it takes the target of each example for, in their order."""

PARAPHRASE = "paraphrase"
NO_OPEN_ANSWERS = "records with an open answer cannot be varied: it may hang on any word of the input"

_BATCH = 256
"""Texts that a model is given at once."""


@dataclass(frozen=True, slots=True)
class Paraphraser:
    """A model that puts texts into other words.

    Attributes:
        rewrite: Texts in, texts out; a copy is kept where all that is protected stands in it as before, see
            `luthier.augment.paraphrase`.
        copies: How often it is asked about each text.
    """

    rewrite: Rewriter
    copies: int = 1


def augment_examples(
    examples: Sequence[Example],
    task: Task,
    augmenters: Sequence[Augmenter],
    *,
    seed: int = 0,
    paraphraser: Paraphraser | None = None,
    agree: Judge | None = None,
    held_out: Iterable[str] = (),
    path: Path | None = None,
) -> Augmented:
    """Makes varied copies of labelled examples; they keep label, aspects, entities, reasons and weight.

    The same examples, augmenters and seed give the same copies, whatever the order of the examples. A copy
    that says what another record says is not kept; of equal copies, the one with the smallest id is. Texts
    stand in Arrow; what stays in memory grows with the number of copies and of the changes in them.

    Args:
        examples: The training examples, and nothing that is held out.
        task: What they are labelled for.
        augmenters: What varies them; each works on the original.
        seed: Decides what is varied and how.
        paraphraser: A model that works beside the augmenters.
        agree: A model that judges the copies; one to which it gives another target is not kept.
        held_out: Contents of validation and test records (`luthier.data.content`), which no copy may repeat.
        path: Arrow file for what is made; None for a temporary one.

    Raises:
        UserError: Where the task is `generation`.
    """
    if isinstance(task, Generation):
        raise UserError(f"Augmentation: {NO_OPEN_ANSWERS}.", "Take it out, or add records of your own.")
    drafts = Drafts(examples, held_out)
    made = _made(examples, task, augmenters, seed, paraphraser)
    texts = Examples.write(drafts.of(made), path)
    kept = drafts.first_of_each(texts)
    judged: Mapping[str, int] = {}
    if agree is not None:
        judged = Counter(drafts.provenance[index].augmenter for index in kept)
        kept = _agreed(texts, drafts, kept, agree)
    copies = texts.select(kept)
    provenance = [drafts.provenance[index] for index in kept]
    used = names(augmenters) + ([PARAPHRASE] if paraphraser is not None else [])
    counts = Counter(item.augmenter for item in provenance)
    distances: dict[str, list[float]] = defaultdict(list)
    for index in kept:
        distances[drafts.provenance[index].augmenter].append(drafts.distances[index])
    labelled = sum(example.target is not None for example in examples)
    report = AugmentReport(
        seed=seed,
        originals=labelled,
        unlabelled=len(examples) - labelled,
        made={name: counts[name] for name in used},
        refused=_by_reason(drafts.refusals, used),
        distinct=_distinct(examples, copies),
        edit_distance={name: fmean(distances[name]) for name in used if distances[name]},
        agreement={name: counts[name] / count for name, count in judged.items()},
    )
    return Augmented(copies, provenance, drafts.refusals, report)


def _made(
    examples: Iterable[Example],
    task: Task,
    augmenters: Sequence[Augmenter],
    seed: int,
    paraphraser: Paraphraser | None,
) -> Iterator[Copy | Refusal]:
    labelled = (example for example in examples if example.target is not None)
    while batch := list(islice(labelled, _BATCH)):
        for example in batch:
            yield from vary_example(example, task, augmenters, seed)
        if paraphraser is not None:
            yield from _paraphrased(batch, task, paraphraser)


def _paraphrased(batch: Sequence[Example], task: Task, paraphraser: Paraphraser) -> Iterator[Copy | Refusal]:
    for number in range(1, paraphraser.copies + 1):
        texts = paraphraser.rewrite([example.text for example in batch])
        for example, text in zip(batch, texts, strict=True):
            wanted, source = Wanted(example, PARAPHRASE, number), source_of(example, task)
            variant = paraphrase(source, text)
            yield wanted.refuse(LOST, text) if variant is None else finish(wanted, source, variant)


def _agreed(texts: Examples, drafts: Drafts, kept: Sequence[int], agree: Judge) -> list[int]:
    """Returns the positions of the drafts to which a model gives the target that they have."""
    agreed = []
    for start in range(0, len(kept), _BATCH):
        positions = kept[start : start + _BATCH]
        batch = list(texts.select(positions))
        for position, draft, found in zip(positions, batch, agree(batch), strict=True):
            made = drafts.provenance[position]
            if found == draft.target:
                agreed.append(position)
            else:
                drafts.refusals.append(Refusal(made.original, made.augmenter, DISAGREED, draft.text))
    return agreed


def _by_reason(refusals: Iterable[Refusal], used: Iterable[str]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {name: Counter() for name in used}
    for refusal in refusals:
        counts[refusal.augmenter][refusal.reason] += 1
    return {name: dict(found.most_common()) for name, found in counts.items() if found}


def _distinct(examples: Iterable[Example], copies: Iterable[Example]) -> dict[str, dict[str, float]]:
    counted = Distinct()
    for example in examples:
        counted.add(example.text)
    before, different = counted.shares(), counted.different
    for copy in copies:
        counted.add(copy.text)
    return {"before": before, "after": counted.shares(), "repeated": counted.shares(different)}
