"""How often the texts of a model break the design's format, and how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from luthier.evaluation.pairs import Pair
from luthier.evaluation.scores import FormatErrors
from luthier.evaluation.statistic import Additive, mean_of


def _from_text(pair: Pair) -> bool:
    # An empty text is told from no text by the deviation that reading it leaves.
    return pair.prediction is not None and bool(pair.prediction.text or pair.prediction.deviations)


def format_error_rate(pairs: Sequence[Pair]) -> Additive | None:
    """Returns the share of texts with a format error; None where no prediction comes from text."""
    if not any(map(_from_text, pairs)):
        return None
    broken = [
        float(bool(pair.prediction.format_errors)) if pair.prediction and _from_text(pair) else np.nan
        for pair in pairs
    ]
    return mean_of(np.array(broken))


def count_format_errors(pairs: Sequence[Pair]) -> FormatErrors:
    """Counts the predictions that show each kind of deviation; one that shows it twice counts once."""
    texts = [pair.prediction for pair in pairs if pair.prediction and _from_text(pair)]
    kinds: Counter[str] = Counter()
    harmless: Counter[str] = Counter()
    for prediction in texts:
        for kind in {item.kind for item in prediction.deviations}:
            (kinds if kind.is_format_error else harmless)[kind.value] += 1
    count = sum(bool(prediction.format_errors) for prediction in texts)
    return FormatErrors(count, count / len(texts) if texts else 0.0, _by_count(kinds), _by_count(harmless))


def _by_count(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
