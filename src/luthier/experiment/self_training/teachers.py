"""What labels a pool. A fine-tuned model does it through its predictor; here is the other teacher."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from luthier.evaluation.baselines import Tfidf
from luthier.inference.prediction import Prediction
from luthier.tasks import Task
from luthier.tasks.example import Example

BLOCK = 10_000
"""Texts that TF-IDF labels at once, which bounds what their features take."""

Teacher = Callable[[Iterable[Example]], Iterator[Prediction]]
"""Predicts each example, in their order, with probabilities."""


def tfidf_teacher(task: Task, examples: Sequence[Example], seed: int) -> Teacher:
    """Fits TF-IDF with logistic regression on labelled examples, each with its weight."""
    baseline = Tfidf(task, examples, seed)

    def label(texts: Iterable[Example]) -> Iterator[Prediction]:
        remaining = iter(texts)
        while block := list(islice(remaining, BLOCK)):
            yield from baseline.predict(task, block)

    return label
