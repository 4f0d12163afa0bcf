"""A recipe's augmentation: copies of the training examples, once every other record has its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from luthier.augment import Augmenter
from luthier.data.augmenting import augment_examples
from luthier.data.duplicates import content
from luthier.data.loading import Splits
from luthier.tasks import Task


def enlarge(splits: Splits, augmenters: Sequence[Augmenter], task: Task, seed: int) -> Splits:
    """Returns the splits with copies of the training examples beside them; `train` itself stays as it is.

    No copy repeats a validation or test record, or a training example, which another fold may hold out.

    Args:
        splits: As `load_splits` returns them.
        augmenters: The recipe's `data.augment`; where there is none, nothing is made.
        task: The recipe's.
        seed: The recipe's.

    Raises:
        UserError: Where the task is `generation`.
    """
    if not augmenters:
        return splits
    sets = [splits.validation, *(test.examples for test in splits.tests.values())]
    held_out = (content(example) for examples in sets for example in examples)
    augmented = augment_examples(splits.train, task, augmenters, seed=seed, held_out=held_out)
    counts = {**splits.report.counts, "augment": augmented.report.counts()}
    report = replace(splits.report, counts=counts, augmented=augmented.report)
    return replace(splits, augmented=augmented, report=report)
