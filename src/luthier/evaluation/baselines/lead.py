"""`Lead`: the beginning of the input as its summary or title."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from statistics import median

from luthier.evaluation.baselines.base import Baseline
from luthier.inference.prediction import Prediction
from luthier.tasks.base import Task
from luthier.tasks.example import Example
from luthier.text import is_cjk

_SENTENCE = re.compile(r".+?(?:[.!?](?=\s|$)|[。！？]|$)", re.DOTALL)


class Lead(Baseline):
    """The first sentence of the input, cut to the median length of the training outputs if it is longer.

    A hard baseline for summaries of news and abstracts, whose first sentence often says it all.
    """

    name = "lead"

    def __init__(self, task: Task, examples: Sequence[Example]) -> None:
        """Measures the outputs of a training set."""
        del task
        lengths = [len(example.target) for example in examples if isinstance(example.target, str)]
        self._limit = int(median(lengths)) if lengths else 0

    def predict(self, task: Task, examples: Iterable[Example]) -> list[Prediction]:
        """Predicts each example; see `Baseline.predict`."""
        del task
        return [Prediction(example.id, self._lead(example.text)) for example in examples]

    def _lead(self, text: str) -> str:
        found = _SENTENCE.match(text.strip())
        sentence = found.group() if found else ""
        if len(sentence) <= self._limit:
            return sentence
        cut = sentence[: self._limit]
        if not cut or is_cjk(sentence[self._limit]) or sentence[self._limit].isspace():
            return cut.rstrip()
        # Half a word helps nobody.
        return (cut.rpartition(" ")[0] or cut).rstrip()
