"""What a fine-tuned model must beat: one module a baseline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from luthier.evaluation.baselines.base import Baseline
from luthier.evaluation.baselines.dictionary import Dictionary
from luthier.evaluation.baselines.lead import Lead
from luthier.evaluation.baselines.majority import Majority
from luthier.evaluation.baselines.tfidf import Tfidf
from luthier.tasks.base import Task
from luthier.tasks.example import Example

__all__ = ["Baseline", "Dictionary", "Lead", "Majority", "Tfidf", "fit_baselines"]


def fit_baselines(
    names: Iterable[str], task: Task, examples: Sequence[Example], seed: int = 0
) -> list[Baseline]:
    """Fits the baselines that need no language model.

    `majority` means what a task has of the kind: the most frequent labels, the dictionary of training
    entities, or the lead of the input; the result says which under its own name. `tfidf` is left out where a
    task has no labels, and `zero-shot` always: that is a prediction of the model itself.

    Args:
        names: As in `EvaluationOptions.baselines`.
        task: With the label space of training.
        examples: The labelled training set, at least one example.
        seed: Of the solver.
    """
    kind = task.schema().fields[0].kind
    fitted: list[Baseline] = []
    for name in names:
        if name == "majority":
            common = {"strings": Dictionary, "text": Lead}.get(kind, Majority)
            fitted.append(common(task, examples))
        elif name == "tfidf" and kind in ("label", "labels"):
            fitted.append(Tfidf(task, examples, seed))
    return fitted
