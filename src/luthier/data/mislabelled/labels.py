"""Wrong labels of closed label sets: confident learning (Northcutt et al., arXiv:1911.00068) by cleanlab."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from luthier.data.mislabelled.suspect import Suspect
from luthier.tasks import Example, Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LABELLED, _UNLABELLED = "yes", "no"


@dataclass(frozen=True, slots=True)
class _Decision:
    """One decision over all examples: a single label, an aspect, or whether one of several labels is given.

    Attributes:
        name: Field, or label of a multi-label task.
        labels: The choices.
        given: Position in `labels` of what each example has, shape (examples,).
        probabilities: Of each choice, shape (examples, choices); a row sums to 1.
    """

    name: str
    labels: Sequence[str]
    given: NDArray[np.int64]
    probabilities: NDArray[np.float64]


def rank_labels(
    task: Task, examples: Sequence[Example], probabilities: Sequence[Mapping[str, Mapping[str, float]]]
) -> list[Suspect]:
    """Returns the examples whose labels are probably wrong, the surest first.

    A label is doubted where confident learning finds it so: the probability of another one is above what
    that one's own examples get on average, and the number of such labels is what the confident joint
    estimates. An unmentioned aspect is a class; of several labels, each is a decision of its own. Where
    several decisions of an example are doubted they make one suspect, whose score is that of the most
    doubtful.

    Args:
        task: With closed label sets.
        examples: Labelled.
        probabilities: Of each example, field name to label to probability, by a model that did not learn it:
            as `Prediction.probabilities`.

    Raises:
        ValueError: Where an example has no probabilities for a field.
    """
    found: dict[int, dict[str, tuple[str, float]]] = {}
    for decision in _decisions(task, examples, probabilities):
        for index, label, score in _doubts(decision):
            found.setdefault(index, {})[decision.name] = (label, score)
    suspects = [
        Suspect(
            examples[index],
            _corrected(task, examples[index], {name: label for name, (label, _) in changes.items()}),
            tuple(changes),
            min(score for _, score in changes.values()),
        )
        for index, changes in sorted(found.items())
    ]
    return sorted(suspects, key=lambda suspect: suspect.score)


def _decisions(
    task: Task, examples: Sequence[Example], probabilities: Sequence[Mapping[str, Mapping[str, float]]]
) -> list[_Decision]:
    import numpy as np

    answers = [task.answer(example) for example in examples]
    decisions = []
    for field in task.schema().fields:
        if any(not scores.get(field.name) for scores in probabilities):
            raise ValueError(f"an example has no probabilities for {field.name or 'its label'!r}")
        rows = [scores[field.name] for scores in probabilities]
        if field.kind == "labels":
            for label in field.labels:
                yes = np.array([row.get(label, 0.0) for row in rows])
                given = np.array([int(label in answer.get(field.name, ())) for answer in answers])
                both = np.stack([1 - yes, yes], axis=1)
                decisions.append(_Decision(label, (_UNLABELLED, _LABELLED), given, both))
            continue
        labels = [*field.labels, *([] if field.unmentioned is None else [field.unmentioned])]
        places = {label: place for place, label in enumerate(labels)}
        given = np.array(
            [places[next(iter(a.get(field.name, ())), field.unmentioned or "")] for a in answers]
        )
        table = np.array([[row.get(label, 0.0) for label in labels] for row in rows])
        decisions.append(_Decision(field.name, labels, given, table))
    return decisions


def _doubts(decision: _Decision) -> list[tuple[int, str, float]]:
    """Returns the position, the better label and the score of each doubted label."""
    import numpy as np
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    # A label that no example has can be neither wrong nor learnt.
    used = np.unique(decision.given)
    if len(used) < 2:
        return []
    table = np.clip(decision.probabilities[:, used], 1e-9, None)
    table /= table.sum(axis=1, keepdims=True)
    given = np.searchsorted(used, decision.given)
    with warnings.catch_warnings():  # a class too small to flag is no news: `luthier check` tells it
        warnings.simplefilter("ignore", UserWarning)
        issues = find_label_issues(given, table, n_jobs=1)
    scores: NDArray[Any] = get_label_quality_scores(given, table)
    best = used[table.argmax(axis=1)]
    return [
        (int(index), decision.labels[best[index]], float(scores[index])) for index in np.flatnonzero(issues)
    ]


def _corrected(task: Task, example: Example, changes: Mapping[str, str]) -> Any:
    """Returns the whole target with some decisions changed."""
    answer = dict(task.answer(example))
    fields = task.schema().fields
    if fields[0].kind == "labels":
        labels = set(answer.get(fields[0].name, ())) ^ changes.keys()
        return task.target({fields[0].name: tuple(labels)}, example)
    unmentioned = fields[0].unmentioned
    answer |= {name: () if label == unmentioned else (label,) for name, label in changes.items()}
    return task.target(answer, example)
