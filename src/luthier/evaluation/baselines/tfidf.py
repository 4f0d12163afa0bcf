"""`Tfidf`: logistic regression on TF-IDF n-grams."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from luthier.evaluation.baselines.base import Baseline, Distribution, decide, label_of, read_answers
from luthier.evaluation.baselines.majority import Majority
from luthier.evaluation.metrics.slots import label_space
from luthier.inference.prediction import Prediction
from luthier.tasks.answer import Field
from luthier.tasks.base import Task
from luthier.tasks.example import Example
from luthier.text import Language

STRENGTH = 10.0
"""Inverse regularisation strength C.

TF-IDF rows have length 1, for which scikit-learn's own 1.0 is too tame; on real sets 10 was never far from
the best of 1, 10 and 100, so a search would cost more than it gives.
"""

_RARE_FROM = 100
"""Training examples from which n-grams of one text alone are left out: they slow the fit and help nothing."""


class Tfidf(Baseline):
    """One logistic regression a field (unmentioned is a class), one a label where an example has several.

    The features are TF-IDF with sublinear term frequency: of words (1 and 2) and of characters within words
    (2 to 5) in English, of characters (1 to 4) in Chinese. Classes are not reweighted: the probabilities then
    mean what they say. A field that training did not have gets the majority's answer.
    """

    name = "tfidf"

    def __init__(self, task: Task, examples: Sequence[Example], seed: int = 0) -> None:
        """Fits vectoriser and classifiers on a training set."""
        self._vectorizer = _vectorizer(task.language, len(examples))
        self._majority = Majority(task, examples)
        features = self._vectorizer.fit_transform([_text(example) for example in examples])
        answers = read_answers(task, examples)
        weights = [example.weight for example in examples]
        self._models: dict[str, Any] = {}
        for field in task.schema().fields:
            if field.kind == "labels":
                for label in field.labels:
                    marks = [str(label in answer.get(field.name, ())) for answer in answers]
                    self._models[label] = _fit(features, marks, weights, seed)
            else:
                labels = [label_of(answer, field.name, field.unmentioned) for answer in answers]
                self._models[field.name] = _fit(features, labels, weights, seed)
        self._unmentioned = task.schema().fields[0].unmentioned

    def predict(self, task: Task, examples: Iterable[Example]) -> list[Prediction]:
        """Predicts each example; see `Baseline.predict`."""
        examples = list(examples)
        if not examples:
            return []
        schema = task.schema()
        features = self._vectorizer.transform([_text(example) for example in examples])
        if schema.fields[0].kind == "labels":
            return self._sets(task, examples, features, schema.fields[0])
        by_field = [self._distributions(field, features, len(examples)) for field in schema.fields]
        return [
            decide(task, example, schema, scores)
            for example, scores in zip(examples, zip(*by_field, strict=True), strict=True)
        ]

    def _distributions(self, field: Field, features: Any, n: int) -> list[Distribution]:
        model = self._models.get(field.name)
        if model is None:
            return [self._majority.distribution(field)] * n
        # Another test set may have another word for unmentioned.
        names = [field.unmentioned if name == self._unmentioned else name for name in model.classes_]
        labels = label_space(field)
        found: list[Distribution] = []
        for row in model.predict_proba(features).tolist():
            # A label without a training example has no probability; a little keeps the log loss finite.
            scores = dict.fromkeys(labels, 1e-06) | {
                name: p for name, p in zip(names, row, strict=True) if name in labels
            }
            total = sum(scores.values())
            found.append({label: p / total for label, p in scores.items()})
        return found

    def _sets(self, task: Task, examples: Sequence[Example], features: Any, field: Field) -> list[Prediction]:
        columns = {
            label: self._models[label].predict_proba(features)[
                :, list(self._models[label].classes_).index("True")
            ]
            if label in self._models and "True" in self._models[label].classes_
            else [0.0] * len(examples)
            for label in field.labels
        }
        predictions = []
        for row, example in enumerate(examples):
            scores = {label: float(column[row]) for label, column in columns.items()}
            chosen = tuple(label for label, p in scores.items() if p >= 0.5)
            confidence = 1.0
            for p in scores.values():
                confidence *= max(p, 1 - p)
            target = task.target({field.name: chosen}, example)
            predictions.append(
                Prediction(example.id, target, confidence=confidence, probabilities={field.name: scores})
            )
        return predictions


def _text(example: Example) -> str:
    return example.text if example.text_pair is None else f"{example.text}\n{example.text_pair}"


def _vectorizer(language: Language, n: int) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    common = {"sublinear_tf": True, "min_df": 2 if n >= _RARE_FROM else 1}
    if language == "zh":
        return TfidfVectorizer(analyzer="char", ngram_range=(1, 4), **common)
    # Words of one letter count too: "I" and "a" tell styles apart.
    words = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b", ngram_range=(1, 2), **common)
    return make_union(words, TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), **common))


def _fit(features: Any, labels: Sequence[str], weights: Sequence[float], seed: int) -> Any:
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression

    if len(set(labels)) == 1:
        return DummyClassifier(strategy="prior").fit(features, labels, weights)
    # A looser tolerance than the default 1e-4 moves no decision worth the steps it saves.
    model = LogisticRegression(C=STRENGTH, max_iter=200, tol=1e-3, random_state=seed)
    return model.fit(features, labels, weights)
