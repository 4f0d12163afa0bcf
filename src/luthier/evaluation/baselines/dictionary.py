"""`Dictionary`: every training entity, found again wherever it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from luthier.evaluation.baselines.base import Baseline
from luthier.inference.prediction import Prediction
from luthier.tasks.base import Task
from luthier.tasks.example import Entity, Example
from luthier.text import is_cjk

_TRUST = 0.5
"""A surface is kept if at least this share of its occurrences in the training texts are entities."""


class Dictionary(Baseline):
    """Tags the surfaces of training entities with the type they most often had.

    Matches are taken from the left, the longest first, without overlap; in scripts with spaces they begin and
    end at word boundaries. A surface that is mostly no entity where it stands in the training texts is left
    out.
    """

    name = "dictionary"

    def __init__(self, task: Task, examples: Sequence[Example]) -> None:
        """Collects the surfaces of a training set."""
        del task
        seen: dict[str, Counter[str]] = {}
        for example in examples:
            for entity in example.target or ():
                if isinstance(entity, Entity) and entity.text:
                    seen.setdefault(entity.text, Counter())[entity.type] += 1
        self._surfaces = {surface: counts.most_common(1)[0][0] for surface, counts in seen.items()}
        self._index()
        met = Counter(item.text for example in examples for item in self._find(example.text))
        for surface, count in met.items():
            if seen[surface].total() < _TRUST * count:
                del self._surfaces[surface]
        self._index()

    def predict(self, task: Task, examples: Iterable[Example]) -> list[Prediction]:
        """Predicts each example; see `Baseline.predict`. Types that `task` does not have are left out."""
        types = {field.name for field in task.schema().fields}
        return [
            Prediction(example.id, tuple(item for item in self._find(example.text) if item.type in types))
            for example in examples
        ]

    def _index(self) -> None:
        self._lengths = sorted({len(surface) for surface in self._surfaces}, reverse=True)

    def _find(self, text: str) -> Iterator[Entity]:
        at = 0
        while at < len(text):
            found = next((n for n in self._lengths if self._matches(text, at, at + n)), 0)
            if found:
                surface = text[at : at + found]
                yield Entity(at, at + found, self._surfaces[surface], surface)
            at += found or 1

    def _matches(self, text: str, start: int, end: int) -> bool:
        if end > len(text) or text[start:end] not in self._surfaces:
            return False
        return not (_inside_word(text, start) or _inside_word(text, end))


def _inside_word(text: str, at: int) -> bool:
    """Tells whether a cut before `text[at]` would cut a word of a script that puts spaces between words."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    return before.isalnum() and after.isalnum() and not (is_cjk(before) or is_cjk(after))
