"""Which new examples are worth keeping: neither known already, nor of a strange length, nor doubted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from luthier.data import content
from luthier.data.corpus.twins import TwinIndex
from luthier.data.duplicates import THRESHOLD
from luthier.generation.options import GenerateOptions
from luthier.tasks import Example, Target
from luthier.text import normalise

Judge = Callable[[Sequence[Example]], Sequence[Target]]
"""Returns what a trained model says of examples."""


class Known:
    """The texts that a new one must not repeat, exactly or nearly (Jaccard index of 5-grams from 0.8).

    Args:
        sets: What each set of texts is called in reasons (`a given example`, `a test set`), and its examples.
    """

    def __init__(self, sets: Mapping[str, Iterable[Example]]) -> None:
        self._equal: dict[str, str] = {}
        self._twins = TwinIndex(THRESHOLD)
        self._of: list[str] = []
        for name, examples in sets.items():
            for example in examples:
                self._equal.setdefault(normalise(content(example)), name)
        twins = self._twins.add(list(self._equal))
        self._of += [name for name, twin in zip(self._equal.values(), twins, strict=True) if twin is None]

    def why_not(self, example: Example) -> str:
        """Returns what a text repeats, empty where it is new; from then on it is known itself."""
        return self._add("another new one", normalise(content(example)))

    def _add(self, name: str, text: str) -> str:
        if text in self._equal:
            return f"equal to {self._equal[text]}"
        self._equal[text] = name
        twin = self._twins.add([text])[0]
        if twin is not None:
            return f"nearly {self._of[twin.number]}"
        self._of.append(name)
        return ""


def length_bounds(options: GenerateOptions, examples: Iterable[Example]) -> tuple[int, int]:
    """Returns the fewest and the most characters of a text that is kept; see `GenerateOptions`."""
    lengths = [len(example.text) for example in examples]
    least = options.min_characters if options.min_characters is not None else max(1, min(lengths) // 2)
    most = options.max_characters if options.max_characters is not None else 2 * max(lengths)
    return least, most
