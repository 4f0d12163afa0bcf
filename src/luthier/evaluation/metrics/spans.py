"""Metrics of typed spans: exact, and soft on the strings."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np

from luthier.evaluation.metrics.classification import precision_recall_f1
from luthier.evaluation.pairs import Measured, Pair
from luthier.evaluation.statistic import Additive, Floats, Statistic
from luthier.tasks.base import Task
from luthier.tasks.example import UNPLACED, Entity, Target

SOFT_RATIO = 0.5
"""difflib ratio that a softly right string must exceed (Guo et al. 2024, arXiv 2404.13033)."""


def measure(task: Task, pairs: Sequence[Pair]) -> Measured:
    """Measures spans, micro-averaged over all types and for each.

    A span is right where start, end and type all are. `f1_soft` compares strings of one type: a predicted
    string counts as the gold one where difflib's ratio is above `SOFT_RATIO` and one contains the other,
    matched one to one (as many matches as possible).
    """
    types = [field.name for field in task.schema().fields]
    exact = np.zeros((len(pairs), len(types), 3))
    soft = np.zeros_like(exact)
    for row, pair in enumerate(pairs):
        gold = entities(pair.example.target)
        predicted = entities(pair.prediction.value if pair.prediction is not None else None)
        for column, type_ in enumerate(types):
            golds = [item for item in gold if item.type == type_]
            guesses = [item for item in predicted if item.type == type_]
            sizes = (len(golds), len(guesses))
            exact[row, column] = (len({*map(_key, golds)} & {*map(_key, guesses)}), *sizes)
            soft[row, column] = (soft_matches([g.text for g in golds], [g.text for g in guesses]), *sizes)
    return Measured(
        statistics=_statistics(exact.sum(axis=1), soft.sum(axis=1)),
        by_field={name: _statistics(exact[:, at], soft[:, at]) for at, name in enumerate(types)},
        support={name: int(exact[:, at, 1].sum()) for at, name in enumerate(types)},
    )


def entities(target: Target | None) -> list[Entity]:
    """Returns the distinct entities of a target, placed or not; none where it has no entities."""
    if target is None or isinstance(target, str):
        return []
    found = [item for item in target if isinstance(item, Entity)]
    return list({_key(item): item for item in found}.values())


def _key(entity: Entity) -> tuple[int, int, str, str]:
    # A placed span is told by its offsets, whatever surface was written beside them.
    return entity.start, entity.end, entity.type, entity.text if entity.start == UNPLACED else ""


def is_soft_match(gold: str, predicted: str) -> bool:
    """Tells whether a predicted string counts as the gold one."""
    if not (predicted and (gold in predicted or predicted in gold)):
        return False
    return difflib.SequenceMatcher(None, gold, predicted, autojunk=False).ratio() > SOFT_RATIO


def soft_matches(gold: Sequence[str], predicted: Sequence[str]) -> int:
    """Returns the size of the largest one-to-one matching of soft matches (augmenting paths, Kuhn 1955)."""
    allowed = [[at for at, text in enumerate(predicted) if is_soft_match(one, text)] for one in gold]
    owner: dict[int, int] = {}

    def place(one: int, tried: set[int]) -> bool:
        for at in allowed[one]:
            if at not in tried:
                tried.add(at)
                if at not in owner or place(owner[at], tried):
                    owner[at] = one
                    return True
        return False

    return sum(place(one, set()) for one in range(len(gold)))


def _statistics(exact: Floats, soft: Floats) -> dict[str, Statistic]:
    return {
        **precision_recall_f1(exact),
        "f1_soft": Additive(soft, lambda sums: 2 * sums[0] / (sums[1] + sums[2])),
    }
