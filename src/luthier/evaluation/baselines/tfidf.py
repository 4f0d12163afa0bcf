"""`Tfidf`: logistic regression on TF-IDF n-grams."""

from __future__ import annotations

from collections import Counter
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

STRENGTHS = (1.0, 10.0, 100.0)
"""Inverse regularisation strengths C that cross-validation chooses from."""

_FOLDS = 3
_TUNED_ON = 2_000
"""Examples, the first ones, on which C is chosen."""

_MAX_FEATURES = 100_000


class Tfidf(Baseline):
    """One logistic regression a field (unmentioned is a class), one a label where an example has several.

    Features: English word 1- and 2-grams and character 2- to 5-grams within words; Chinese character 1- to
        4-grams; TF-IDF with sublinear term frequency. C is chosen from `STRENGTHS` by three-fold
        cross-validated log loss. Classes are not reweighted: the probabilities then mean what they say. A
        field that training did not have gets the majority's answer.
    """

    name = "tfidf"

    def __init__(self, task: Task, examples: Sequence[Example], seed: int = 0) -> None:
        """Fits vectoriser and classifiers on a training set."""
        self._vectorizer = _vectorizer(task.language)
        self._majority = Majority(task, examples)
        features = self._vectorizer.fit_transform([_text(example) for example in examples])
        answers = read_answers(task, examples)
        self._models: dict[str, Any] = {}
        for field in task.schema().fields:
            if field.kind == "labels":
                for label in field.labels:
                    marks = [str(label in answer.get(field.name, ())) for answer in answers]
                    self._models[label] = _fit(features, marks, seed)
            else:
                labels = [label_of(answer, field.name, field.unmentioned) for answer in answers]
                self._models[field.name] = _fit(features, labels, seed)
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


def _vectorizer(language: Language) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    common = {"sublinear_tf": True, "max_features": _MAX_FEATURES}
    if language == "zh":
        return TfidfVectorizer(analyzer="char", ngram_range=(1, 4), **common)
    # Words of one letter count too: "I" and "a" tell styles apart.
    words = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b", ngram_range=(1, 2), **common)
    return make_union(words, TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), **common))


def _fit(features: Any, labels: Sequence[str], seed: int) -> Any:
    """Fits a classifier; one class alone, or too few examples of one to choose C by, is no obstacle."""
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold

    counts = Counter(labels)
    if len(counts) == 1:
        return DummyClassifier(strategy="prior").fit(features, labels)
    model = LogisticRegression(C=STRENGTHS[1], max_iter=200, random_state=seed)
    tuned = Counter(labels[:_TUNED_ON])
    if min(tuned.values()) >= _FOLDS and len(tuned) == len(counts):
        folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
        search = GridSearchCV(model, {"C": STRENGTHS}, scoring="neg_log_loss", cv=folds, refit=False)
        search.fit(features[:_TUNED_ON], labels[:_TUNED_ON])
        model = LogisticRegression(max_iter=200, random_state=seed, **search.best_params_)
    return model.fit(features, labels)
