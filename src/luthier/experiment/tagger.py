"""`TokenTagger`: logistic regression over each token and its neighbours, to judge entities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from luthier.data.mislabelled import Tags, tokens
from luthier.tasks.example import Entity, Example
from luthier.tasks.extraction import Extraction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_COLUMNS = 2**18
_WINDOW = 3
_AFFIX = 3
_EPOCHS = 4
_DECAY = 1e-5


class TokenTagger:
    """Says which tag each token has, from the tokens around it.

    One against the rest by stochastic gradient descent on the log loss; the probabilities of the tags are
    scaled to sum to 1. Features are hashed: the token and its beginning and end, its shape, the tokens up to
    3 to the left and right, and the pairs of neighbours.

    Args:
        task: Whose entities are tagged.
        examples: All examples that will be learnt from or judged; their features are computed once.
        seed: Of the order in which tokens are learnt.
    """

    def __init__(self, task: Extraction, examples: Sequence[Example], seed: int = 0) -> None:
        from sklearn.feature_extraction import FeatureHasher

        self._tags = Tags(task.types)
        self._seed = seed
        places = [tokens(example.text) for example in examples]
        hasher = FeatureHasher(n_features=_COLUMNS, input_type="string", alternate_sign=False)
        self._features = hasher.transform(
            row for example, here in zip(examples, places, strict=True) for row in _rows(example.text, here)
        )
        self._given = [
            self._tags.of([item for item in example.target or () if isinstance(item, Entity)], here)
            for example, here in zip(examples, places, strict=True)
        ]
        self._starts = [0]
        for here in places:
            self._starts.append(self._starts[-1] + len(here))

    def probabilities(self, learnt: Sequence[int], judged: Sequence[int]) -> list[NDArray[np.float64]]:
        """Learns from some examples and judges others.

        Args:
            learnt: Positions of the examples that are learnt from.
            judged: Positions of the others.

        Returns:
            For each of `judged` the probability of each tag, shape (tokens, tags).
        """
        import numpy as np
        from sklearn.linear_model import SGDClassifier

        known = np.array([tag for index in learnt for tag in self._given[index]], dtype=np.int64)
        rows = self._rows(judged)
        table = np.full((len(rows), self._tags.count), 1e-6)
        seen = np.unique(known)
        if len(seen) < 2:
            table[:, seen] = 1.0
        elif len(rows):
            model = SGDClassifier(
                loss="log_loss", alpha=_DECAY, max_iter=_EPOCHS, tol=None, random_state=self._seed
            )
            model.fit(self._features[self._rows(learnt)], known)
            table[:, seen] += model.predict_proba(self._features[rows])
        table /= table.sum(axis=1, keepdims=True)
        cuts = np.cumsum([len(self._given[index]) for index in judged])[:-1]
        return list(np.split(table, cuts))

    def _rows(self, positions: Sequence[int]) -> Any:
        import numpy as np

        parts = [np.arange(self._starts[index], self._starts[index + 1]) for index in positions]
        return np.concatenate([np.empty(0, dtype=np.int64), *parts])


def _rows(text: str, places: Sequence[tuple[int, int]]) -> Iterator[list[str]]:
    words = [text[start:end] for start, end in places]
    folded = [word.lower() for word in words]
    padded = ["<"] * _WINDOW + folded + [">"] * _WINDOW
    for n, word in enumerate(words):
        here = n + _WINDOW
        near = padded[here - _WINDOW : here + _WINDOW + 1]
        row = [f"{offset}={other}" for offset, other in enumerate(near)]
        row += [f"{offset}+{near[offset]} {near[offset + 1]}" for offset in range(len(near) - 1)]
        row.append(f"trio={' '.join(near[_WINDOW - 1 : _WINDOW + 2])}")
        row.append(f"shape={_shape(word)}")
        if len(word) > 1:
            row += [f"begin={folded[n][:size]}" for size in range(1, _AFFIX + 1)]
            row += [f"end={folded[n][-size:]}" for size in range(1, _AFFIX + 1)]
        yield row


def _shape(word: str) -> str:
    if word.isdigit():
        return f"number {min(len(word), 5)}"
    if not word.isalpha():
        return "sign"
    kinds = "".join("X" if letter.isupper() else "x" for letter in word[:4])
    return kinds if word.isascii() else "other"
