"""Which pseudo-labels are taken: by threshold or by top share of each class, so that no class drowns.

A teacher is surer of some classes than of others, and a student that learns from what it was sure of learns
that those are the common ones. Two rules work against that. A top share is taken of each predicted class by
itself (class-balanced self-training: Zou et al. 2018, arXiv 1810.07911). And whatever passed, by share or by
threshold, no class gets more than its proportion in the gold allows: with r(c) the number of class c that
passed over its number in the gold, a class is cut to m times its gold, m being the lower median of all r. So
with two classes the pseudo-labels have the very proportions of the gold; with more, half of the classes set
the measure, and one of which nothing passed does not stop the others.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, nan

UNCERTAIN = "below the threshold"
NOT_TOP = "not in the top share of its class"
FULL = "class is full"

NOTHING = ""
"""The class of an example without any: no aspect mentioned, no entity found. It may drown the others too."""

_ROUNDING = 1e-9


@dataclass(slots=True)
class Candidates:
    """What was predicted, as little as selecting needs: about 160 bytes a record at its peak."""

    confidences: array[float] = field(default_factory=lambda: array("d"))
    classes: list[tuple[str, ...]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    _known: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)

    def add(self, confidence: float | None, classes: Sequence[str], reason: str = "") -> None:
        """Notes a prediction; one with a `reason` against it is no candidate but keeps its place."""
        found = tuple(classes) or (NOTHING,)
        self.confidences.append(nan if confidence is None else confidence)
        self.classes.append(self._known.setdefault(found, found))
        self.reasons.append(reason)


@dataclass(frozen=True, slots=True)
class Selection:
    """The rule: a threshold or a share, one of the two; with neither every candidate passes.

    Attributes:
        confidence: Least confidence, 0 to 1.
        top: Share of each predicted class, 0 to 1, the most certain first; at least one of each.
    """

    confidence: float | None = None
    top: float | None = None

    def select(self, candidates: Candidates, gold: Mapping[str, int] | None = None) -> list[str]:
        """Returns why each record is not taken; empty where it is.

        An example of several classes (aspects) has to pass, and to find room, in every one of them.

        Args:
            candidates: In the order of the records.
            gold: Class to its number in the gold; a class that the gold does not have gets nothing. None
                leaves out the balancing.
        """
        reasons = list(candidates.reasons)
        order = [at for at, reason in enumerate(reasons) if not reason]
        order.sort(key=lambda at: (-candidates.confidences[at], at))
        passing = []
        for at, reason in zip(order, self._judge(candidates, order), strict=True):
            if reason:
                reasons[at] = reason
            else:
                passing.append(at)
        if gold is not None:
            for at in _overflow(candidates, passing, gold):
                reasons[at] = FULL
        return reasons

    def _judge(self, candidates: Candidates, order: Sequence[int]) -> list[str]:
        if self.confidence is not None:
            least = self.confidence
            return ["" if candidates.confidences[at] >= least else UNCERTAIN for at in order]
        if self.top is None:
            return [""] * len(order)
        totals = Counter(name for at in order for name in candidates.classes[at])
        rooms = {name: ceil(self.top * count - _ROUNDING) for name, count in totals.items()}
        ranks: Counter[str] = Counter()
        found = []
        for at in order:
            ranks.update(candidates.classes[at])
            is_top = all(ranks[name] <= rooms[name] for name in candidates.classes[at])
            found.append("" if is_top else NOT_TOP)
        return found


def _overflow(candidates: Candidates, passing: Sequence[int], gold: Mapping[str, int]) -> list[int]:
    """Returns which of those that passed find no room, the least certain of a class first to go."""
    passed = Counter(name for at in passing for name in candidates.classes[at])
    ratios = sorted(passed[name] / count for name, count in gold.items() if count)
    measure = ratios[(len(ratios) - 1) // 2] if ratios else 0.0
    rooms = {name: ceil(measure * count - _ROUNDING) for name, count in gold.items()}
    taken: Counter[str] = Counter()
    out = []
    for at in passing:
        if all(taken[name] < rooms.get(name, 0) for name in candidates.classes[at]):
            taken.update(candidates.classes[at])
        else:
            out.append(at)
    return out
