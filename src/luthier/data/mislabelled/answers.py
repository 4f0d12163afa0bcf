"""Wrong labels by plain disagreement, where a model says what it reads and how sure it is, and no more."""

from __future__ import annotations

from collections.abc import Sequence

from luthier.data.mislabelled.suspect import Suspect, differing
from luthier.tasks import Example, Task
from luthier.tasks.example import UNPLACED, Entity, Target


def rank_answers(
    task: Task, examples: Sequence[Example], answers: Sequence[tuple[Target, float]]
) -> list[Suspect]:
    """Returns the examples that a model reads otherwise, the surest readings first.

    Args:
        task: Of any type with labels or entities.
        examples: Labelled.
        answers: Of each example the target that a model reads, which did not learn it, and the probability of
            that, 0 to 1. The score of a suspect is 1 minus it.
    """
    suspects = []
    for example, (target, confidence) in zip(examples, answers, strict=True):
        suggested = _placed(target)
        fields = differing(task, example, suggested)
        if fields and suggested != "":
            suspects.append(Suspect(example, suggested, fields, 1 - confidence))
    return sorted(suspects, key=lambda suspect: suspect.score)


def _placed(target: Target) -> Target:
    """Leaves out entities that the text does not contain: nobody can accept those."""
    if isinstance(target, tuple):
        return tuple(item for item in target if not (isinstance(item, Entity) and item.start == UNPLACED))  # type: ignore[return-value]  # a tuple of labels, or of entities, as it was
    return target
