"""Metrics of free text: ROUGE, BLEU, chrF and exact match, right for English and Chinese."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from luthier.evaluation.pairs import Measured, Pair
from luthier.evaluation.statistic import Additive, Floats, Statistic, mean_of
from luthier.tasks.base import Task
from luthier.text import Language

_TOKEN = re.compile(r"[a-z0-9]+|[㐀-䶿一-鿿豈-﫿]")


def measure(task: Task, pairs: Sequence[Pair]) -> Measured:
    """Measures generated text against the gold text; a missing prediction counts as the empty text."""
    gold = [pair.example.target if isinstance(pair.example.target, str) else "" for pair in pairs]
    predicted = [_text(pair) for pair in pairs]
    rouge = np.array([rouge_scores(one, other) for one, other in zip(gold, predicted, strict=True)])
    statistics: dict[str, Statistic] = {
        f"rouge{kind}": mean_of(rouge[:, column]) for column, kind in enumerate(("1", "2", "L"))
    }
    statistics |= _corpus_statistics(gold, predicted, task.language)
    present = [pair.prediction is not None for pair in pairs]
    same = [
        there and one.strip() == other.strip()
        for there, one, other in zip(present, gold, predicted, strict=True)
    ]
    statistics["exact_match"] = mean_of(np.array(same, dtype=np.float64))
    return Measured(statistics)


def rouge_tokens(text: str) -> list[str]:
    """Splits text for ROUGE: lower-case runs of ASCII letters and digits, and each Chinese character.

    On text without ideographs these are the tokens of the `rouge_score` package without stemming.
    """
    return _TOKEN.findall(text.lower())


def rouge_scores(gold: str, predicted: str) -> tuple[float, float, float]:
    """Returns the F-measures of ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004), 0 to 1."""
    one, other = rouge_tokens(gold), rouge_tokens(predicted)
    unigrams = _f_measure(_overlap(one, other, 1), len(one), len(other))
    bigrams = _f_measure(_overlap(one, other, 2), max(len(one) - 1, 0), max(len(other) - 1, 0))
    return unigrams, bigrams, _f_measure(common_subsequence(one, other), len(one), len(other))


def common_subsequence(one: Sequence[str], other: Sequence[str]) -> int:
    """Returns the length of the longest common subsequence.

    Bit-parallel (Hyyrö 2004): one big-integer addition for each token of `other` instead of a table row.
    """
    places: dict[str, int] = {}
    for at, token in enumerate(one):
        places[token] = places.get(token, 0) | 1 << at
    full = (1 << len(one)) - 1
    row = full
    for token in other:
        match = row & places.get(token, 0)
        row = (row + match | row - match) & full
    return len(one) - row.bit_count()


def _text(pair: Pair) -> str:
    value = pair.prediction.value if pair.prediction is not None else ""
    return value if isinstance(value, str) else ""


def _overlap(one: Sequence[str], other: Sequence[str], order: int) -> int:
    grams = [
        Counter(zip(*(tokens[start:] for start in range(order)), strict=False)) for tokens in (one, other)
    ]
    return (grams[0] & grams[1]).total()


def _f_measure(common: int, gold: int, predicted: int) -> float:
    # 2PR / (P + R) with P = common / predicted and R = common / gold.
    return 2 * common / (gold + predicted) if common else 0.0


def _corpus_statistics(gold: list[str], predicted: list[str], language: Language) -> dict[str, Statistic]:
    """Makes corpus BLEU and chrF additive: sacrebleu's counts of each sentence, its formula on their sums."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    metrics = {"bleu": BLEU(tokenize="zh" if language == "zh" else "13a"), "chrf": CHRF()}
    return {name: _corpus_statistic(metric, gold, predicted) for name, metric in metrics.items()}


def _corpus_statistic(metric: Any, gold: list[str], predicted: list[str]) -> Additive:
    # sacrebleu's own bootstrap uses these two; the public calls start from text each time.
    rows = metric._extract_corpus_statistics(predicted, [gold])
    compute = metric._compute_score_from_stats

    def finish(sums: Floats) -> Floats:
        columns = np.rint(sums).astype(np.int64).T.tolist()
        return np.array([compute(column).score for column in columns], dtype=np.float64)

    return Additive(np.array(rows, dtype=np.float64), finish)
