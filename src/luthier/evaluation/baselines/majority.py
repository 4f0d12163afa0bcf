"""`Majority`: the most frequent answer of the training set, whatever the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from luthier.evaluation.baselines.base import Baseline, Distribution, decide, label_of, read_answers
from luthier.evaluation.metrics.slots import label_space
from luthier.inference.prediction import Prediction
from luthier.tasks.answer import Field
from luthier.tasks.base import Task
from luthier.tasks.example import Example


class Majority(Baseline):
    """The most frequent label of each field, with the training set's shares as probabilities.

    A field that the training set does not have (an aspect of another domain) gets the label that is most
    frequent over all fields. Ties go to the label that the task declares first. With several labels an
    example, it is the most frequent set of labels.
    """

    name = "majority"

    def __init__(self, task: Task, examples: Sequence[Example]) -> None:
        """Counts the labels of a training set."""
        self._fields: dict[str, Counter[str]] = {}
        self._sets: Counter[tuple[str, ...]] = Counter()
        self._n = len(examples)
        answers = read_answers(task, examples)
        for field in task.schema().fields:
            if field.kind == "labels":
                self._sets.update(answer.get(field.name, ()) for answer in answers)
            else:
                labels = (label_of(answer, field.name, field.unmentioned) for answer in answers)
                self._fields[field.name] = Counter(labels)
        self._unmentioned = next((field.unmentioned for field in task.schema().fields), None)

    def predict(self, task: Task, examples: Iterable[Example]) -> list[Prediction]:
        """Predicts each example; see `Baseline.predict`."""
        schema = task.schema()
        if schema.fields[0].kind == "labels":
            return [self._set(task, example, schema.fields[0]) for example in examples]
        scores = [self.distribution(field) for field in schema.fields]
        return [decide(task, example, schema, scores) for example in examples]

    def distribution(self, field: Field) -> Distribution:
        """Returns the share of each label of a field, smoothed by one so that none is impossible."""
        pooled: Counter[str] = sum(self._fields.values(), Counter())
        counts = self._fields.get(field.name, pooled)
        # Another test set may have another word for unmentioned.
        own = {self._unmentioned: field.unmentioned}
        renamed = Counter({own.get(label, label): count for label, count in counts.items()})
        labels = label_space(field)
        total = sum(renamed[label] + 1 for label in labels)
        return {label: (renamed[label] + 1) / total for label in labels}

    def _set(self, task: Task, example: Example, field: Field) -> Prediction:
        chosen, count = max(self._sets.items(), key=lambda item: item[1], default=((), 0))
        shares = {
            label: sum(n for labels, n in self._sets.items() if label in labels) / max(self._n, 1)
            for label in field.labels
        }
        target = task.target({field.name: chosen}, example)
        confidence = count / max(self._n, 1)
        return Prediction(example.id, target, confidence=confidence, probabilities={field.name: shares})
