"""Temperature scaling: probabilities that mean what they say (Guo et al. 2017, arXiv 1706.04599).

A model that learnt from few examples is surer than it is right. One number T, fitted on labelled examples
that it did not learn from, mends that: p_T(label) is proportional to p(label) ** (1 / T). No decision
changes, as the order of the labels stays.

T minimises the cross-entropy with smoothed targets: of n slots over k labels, the true label counts
(n + 1) / (n + k) and every other 1 / (n + k). This is what Platt (1999) does, for the same reason: where
every example of a small set is right, plain likelihood would drive T to 0 and call everything certain. With
two labels and one probability throughout, the calibrated probability is then Laplace's (right + 1) / (n + 2).
The cross-entropy is convex in 1 / T, so its minimum is found by bisection on its slope.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from luthier.evaluation.pairs import Pair, answer_of, join
from luthier.evaluation.statistic import Floats
from luthier.inference.prediction import Prediction
from luthier.tasks.base import Task
from luthier.tasks.example import Example

PER_FIELD = 100
"""Slots from which a field has a temperature of its own.

With 100 of them the accuracy behind a temperature has a standard error of about 0.04 (at 0.8). With fewer,
what a field seems to differ by is mostly chance, and one temperature over all fields follows less of it.
"""

_COLDEST, _HOTTEST = 0.02, 50.0
"""Range of a temperature; beyond it probabilities are one-hot or uniform for every purpose."""

_FLOOR = 1e-12
_STEPS = 60

_Slots = dict[str, list[tuple[list[float], int]]]
"""Field name to the distribution and the position of the true label of each of its slots."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Temperatures fitted on labelled examples; `apply` mends what was predicted for others.

    Attributes:
        pooled: Temperature over the slots of all fields; 1 leaves probabilities as they are.
        by_field: Field name to its own temperature, where it had `PER_FIELD` slots and is not alone.
        slots: How many slots the temperatures were fitted on.
    """

    pooled: float = 1.0
    by_field: Mapping[str, float] = field(default_factory=dict)
    slots: int = 0

    def apply(self, task: Task, prediction: Prediction) -> Prediction:
        """Returns a prediction with calibrated probabilities and confidence; its value stays.

        The confidence is that of the label, of the least certain aspect, of all of several labels together
        (the product over the label space), or, where no label has a probability, the calibrated chance that
        the whole value is right. It stays None where the value could not be read.
        """
        if not prediction.probabilities:
            if prediction.confidence is None:
                return prediction
            known = [prediction.confidence, 1 - prediction.confidence]
            return replace(prediction, confidence=float(_tempered(known, self._temperature(""))[0]))
        if _is_set(task):
            return self._apply_to_set(task, prediction)
        scaled = {
            name: dict(zip(scores, _tempered(list(scores.values()), self._temperature(name)), strict=True))
            for name, scores in prediction.probabilities.items()
        }
        return replace(prediction, probabilities=scaled, confidence=_least(task, prediction, scaled))

    def to_json(self) -> dict[str, Any]:
        """Returns the temperatures as JSON."""
        return {"pooled": self.pooled, "by_field": dict(self.by_field), "slots": self.slots}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Calibration:
        """Reads back what `to_json` wrote."""
        return cls(value["pooled"], value["by_field"], value["slots"])

    def _temperature(self, name: str) -> float:
        return self.by_field.get(name, self.pooled)

    def _apply_to_set(self, task: Task, prediction: Prediction) -> Prediction:
        (name, scores), *_ = prediction.probabilities.items()
        scaled = {
            label: float(_tempered([p, 1 - p], self._temperature(name))[0]) for label, p in scores.items()
        }
        chosen = answer_of(task, Example("", ""), prediction.value).get(name, ())
        confidence = prod(p if label in chosen else 1 - p for label, p in scaled.items())
        return replace(prediction, probabilities={name: scaled}, confidence=confidence)


def fit_calibration(
    task: Task, examples: Iterable[Example], predictions: Iterable[Prediction]
) -> Calibration:
    """Fits temperatures on labelled examples that the predicting system did not learn from.

    Args:
        task: With the label space of the examples.
        examples: Labelled, as those of validation.
        predictions: Of these examples, with probabilities or at least a confidence; those without either
            tell nothing and are passed over.

    Raises:
        luthier.errors.DataError: Where an example has no target, or a prediction no example.
    """
    slots: _Slots = defaultdict(list)
    for pair in join(examples, predictions):
        _add(slots, task, pair)
    everything = [slot for found in slots.values() for slot in found]
    if not everything:
        return Calibration()
    own = (
        {name: _fit(found) for name, found in slots.items() if len(found) >= PER_FIELD}
        if len(slots) > 1
        else {}
    )
    return Calibration(_fit(everything), own, len(everything))


def _is_set(task: Task) -> bool:
    return task.schema().fields[0].kind == "labels"


def _add(slots: _Slots, task: Task, pair: Pair) -> None:
    prediction, example = pair.prediction, pair.example
    if prediction is None:
        return
    if not prediction.probabilities:
        if prediction.confidence is not None:
            right = prediction.value == example.target
            slots[""].append(([prediction.confidence, 1 - prediction.confidence], 0 if right else 1))
        return
    gold = answer_of(task, example, example.target)
    for name, scores in prediction.probabilities.items():
        values = gold.get(name, ())
        if _is_set(task):
            slots[name] += [([p, 1 - p], 0 if label in values else 1) for label, p in scores.items()]
            continue
        label = values[0] if values else task.schema()[name].unmentioned
        if label is not None and label in scores:
            slots[name].append((list(scores.values()), list(scores).index(label)))


def _fit(slots: Sequence[tuple[list[float], int]]) -> float:
    """Returns the temperature under which the slots have the least smoothed cross-entropy."""
    logs = np.log(np.maximum(np.array([scores for scores, _ in slots]), _FLOOR))
    n, k = logs.shape
    targets = np.full((n, k), 1 / (n + k))
    targets[np.arange(n), [gold for _, gold in slots]] = (n + 1) / (n + k)
    wanted = (targets * logs).sum()

    def slope(inverse: float) -> float:
        """The derivative of the cross-entropy by 1 / T; it rises with 1 / T."""
        return float((_softmax(logs * inverse) * logs).sum() - wanted)

    low, high = np.log(1 / _HOTTEST), np.log(1 / _COLDEST)
    if np.ptp(logs, axis=1).max() < 1e-9:
        return 1.0  # uniform throughout: every temperature says the same
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(float(np.exp(middle))) < 0 else (low, middle)
    return float(np.exp(-(low + high) / 2))


def _softmax(logits: Floats) -> Floats:
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Floats = weights / weights.sum(axis=-1, keepdims=True)
    return shares


def _tempered(scores: Sequence[float], temperature: float) -> list[float]:
    found: list[float] = _softmax(np.log(np.maximum(np.array(scores), _FLOOR)) / temperature).tolist()
    return found


def _least(task: Task, prediction: Prediction, scores: Mapping[str, Mapping[str, float]]) -> float | None:
    """Returns the probability of the least certain field's value; None where a value cannot be read."""
    answer = answer_of(task, Example("", ""), prediction.value)
    chosen = []
    for name, distribution in scores.items():
        values = answer.get(name, ())
        label = values[0] if values else task.schema()[name].unmentioned
        if label is None or label not in distribution:
            return None
        chosen.append(distribution[label])
    return min(chosen)
