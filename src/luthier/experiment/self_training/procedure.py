"""`self_train`: from a model that learnt from gold to the best of its students.

Each round a teacher labels the pool, and a student learns from gold and pseudo-labels, always from the base
model: one that went on from its teacher would keep what the teacher got wrong (Xie et al. 2020,
arXiv 1911.04252). Validation holds gold alone. It calibrates the teacher, chooses each student's weights, and
says which of them stays; the model that learnt from gold alone is one of them.

A round leaves its folder: `pseudo.jsonl`, `validation.jsonl`, `history.json`, its model while it is needed,
and last `round.json`, by which a resumed run knows that it is done.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from luthier.data import Examples, Splits
from luthier.evaluation import Calibration, Scores, evaluate, fit_calibration
from luthier.experiment.bench import Bench
from luthier.experiment.fit import Trained, fit, predictor, prepare, training_record
from luthier.experiment.folder import RunFolder
from luthier.experiment.self_training.pool import Pool
from luthier.experiment.self_training.pseudo import Labelling, classes, describe, students_examples
from luthier.experiment.self_training.rounds import GOLD_ONLY, Round, run_rounds
from luthier.experiment.self_training.teachers import Teacher, tfidf_teacher
from luthier.experiment.stages import Progress
from luthier.files import write_json, write_jsonl
from luthier.inference.prediction import Prediction
from luthier.models import Encoder, TooLongError, adopt_model, load_finetuned, save_model
from luthier.tasks import Task
from luthier.tasks.example import Example
from luthier.training import max_length

logger = logging.getLogger(__name__)


def self_train(
    bench: Bench,
    gold: Trained,
    splits: Splits,
    pool: Pool,
    folder: RunFolder,
    record: dict[str, Any],
    *,
    resume: bool,
) -> Trained:
    """Runs the rounds and puts the best model into the run's folder.

    Args:
        bench: Tokenizer and layout; its recipe has a `self_training` section.
        gold: The model that learnt from gold alone, the first teacher.
        splits: What gold was made of; nothing is added to any of them.
        pool: What is labelled.
        folder: Takes a folder a round, and `self_training/summary.json`.
        record: The manifest; `training` becomes that of the model that stays.
        resume: Whether rounds that an interrupted run finished are taken over.

    Returns:
        The model that stays.

    Raises:
        LuthierError: Where a training fails.
    """
    work = _Work(bench, gold, splits, pool, folder, resume)
    options = work.options
    rounds, best = run_rounds(work.gold_only(), work.teach, options.rounds)
    summary = {
        "kept": best.number,
        "metric": bench.recipe.task.primary_metric,
        "pool": len(pool.examples),
        "left_out": dict(pool.left_out),
        "rounds": [{"number": item.number, "score": item.score, **item.facts} for item in rounds],
    }
    write_json(folder.self_training / "summary.json", summary)
    record["self_training"] = {"kept": best.number, "rounds": len(rounds) - 1}
    if best.number == GOLD_ONLY:
        logger.info("  no round gained on validation: the model that learnt from gold alone stays")
        return gold
    logger.info("  round %d of %d stays", best.number, len(rounds) - 1)
    for name, test in splits.tests.items():
        total = len(test.examples)
        found = work.predictions(gold, test.task, test.examples, f"test/{name} by gold alone", total)
        write_jsonl(folder.gold_only_predictions(name), (item.to_row() for item in found))
    return work.adopt(best, record)


class _Work:
    """The rounds of one run."""

    def __init__(
        self, bench: Bench, gold: Trained, splits: Splits, pool: Pool, folder: RunFolder, resume: bool
    ) -> None:
        options = bench.recipe.self_training
        assert options is not None, "only called for recipes with self-training"
        self.options = options
        self._bench = bench
        self._task = bench.recipe.task
        self._gold = gold
        self._splits = splits
        self._pool = pool
        self._folder = folder
        self._resume = resume
        self._limit = max_length(gold.model, bench.recipe.training)
        self._latest: Trained | None = gold
        self._calibration = Calibration()

    def gold_only(self) -> Round:
        """Measures the first teacher."""
        place = self._place(GOLD_ONLY)
        if (done := self._done(GOLD_ONLY)) is not None:
            return done
        return self._finish(GOLD_ONLY, place, self._measure(self._gold, place), {})

    def teach(self, number: int) -> Round:
        """Labels the pool and trains the student of a round, or takes over what a resumed run has of it."""
        if (done := self._done(number)) is not None:
            self._latest = None
            return done
        place = self._place(number)
        pseudo = place / "pseudo.jsonl"
        if not (self._resume and pseudo.exists()):
            logger.info("  round %d: labelling %d records", number, len(self._pool.examples))
            self._label(number, pseudo)
        facts = describe(self._task, self._pool.examples, pseudo, self._pool.known)
        if not facts["selected"]:
            logger.info("  round %d: no record passed, so there is nothing to learn from", number)
            return self._finish(number, place, None, facts)
        logger.info("  round %d: learning from %d pseudo-labels", number, facts["selected"])
        self._latest = None  # a teacher that is done makes room for its student
        self._latest = self._train(number, place, facts)
        return self._finish(number, place, self._measure(self._latest, place), facts)

    def predictions(
        self, trained: Trained, task: Task, examples: Iterable[Example], name: str, total: int
    ) -> Iterator[Prediction]:
        """Yields a model's predictions, saying how far of `total` it is."""
        oracle = predictor(self._bench, trained.model, task, trained.answer_tokens)
        return oracle.predict(examples, progress=Progress(name, total))

    def adopt(self, best: Round, record: dict[str, Any]) -> Trained:
        """Makes a student the run's model, and takes the others away."""
        place = self._place(best.number)
        self._latest = None
        adopt_model(place / "model", self._folder.model)
        shutil.copyfile(place / "history.json", self._folder.history)
        record["training"] = best.facts["training"]
        return self._load(self._folder.model, best.facts["training"]["answer_tokens"])

    def _place(self, number: int) -> Path:
        return self._folder.self_training / f"round-{number}"

    def _done(self, number: int) -> Round | None:
        file = self._place(number) / "round.json"
        if not (self._resume and file.exists()):
            return None
        facts = json.loads(file.read_text(encoding="utf-8"))
        self._calibration = Calibration.from_json(facts["calibration"])
        return Round(facts.pop("number"), facts.pop("score"), facts)

    def _finish(self, number: int, place: Path, scores: Scores | None, facts: dict[str, Any]) -> Round:
        values = {} if scores is None else scores.to_json()["metrics"]
        score = values.get(self._task.primary_metric, {}).get("value")
        facts = {**facts, "validation": values, "calibration": self._calibration.to_json()}
        write_json(place / "round.json", {"number": number, "score": score, **facts})
        if score is not None:
            logger.info("  round %d: %s on validation %.4f", number, self._task.primary_metric, score)
        return Round(number, score, facts)

    def _measure(self, trained: Trained, place: Path) -> Scores:
        """Scores a model on the whole validation set, and calibrates it there."""
        examples = self._splits.validation
        found = list(self.predictions(trained, self._task, examples, "validation", len(examples)))
        write_jsonl(place / "validation.jsonl", (item.to_row() for item in found))
        self._calibration = fit_calibration(self._task, examples, found)
        recipe = self._bench.recipe
        return evaluate(self._task, examples, found, recipe.evaluation, recipe.seed)

    def _label(self, number: int, pseudo: Path) -> None:
        teacher, calibration = self._teacher(number)
        labelling = Labelling(
            self._task,
            calibration,
            self.options.selection,
            gold=classes(self._task, self._splits.train),
            fits=self._fits(),
        )
        labelling.write(pseudo, self._pool.examples, teacher(self._pool.examples))

    def _teacher(self, number: int) -> tuple[Teacher, Calibration]:
        """Returns who labels in a round, and its calibration on validation."""
        if self.options.teacher == "tfidf":
            known = self._examples(number - 1) if number > 1 else self._splits.training
            label = tfidf_teacher(self._task, known, self._bench.recipe.seed)
            validation = self._splits.validation
            return label, fit_calibration(self._task, validation, label(validation))
        if self._latest is None:
            facts = json.loads((self._place(number - 1) / "round.json").read_text(encoding="utf-8"))
            self._latest = self._load(self._place(number - 1) / "model", facts["training"]["answer_tokens"])
        trained, total = self._latest, len(self._pool.examples)
        return (
            lambda examples: self.predictions(trained, self._task, examples, "unlabelled", total),
            self._calibration,
        )

    def _examples(self, number: int) -> Examples:
        """Returns what the student of a round learns from, in an Arrow file."""
        pseudo = self._place(number) / "pseudo.jsonl"
        return Examples.write(
            students_examples(self._splits.training, self._pool.examples, pseudo, self.options.weight)
        )

    def _fits(self) -> Callable[[Example], bool]:
        writer = self._bench.writer()
        encode = Encoder(self._bench.tokenizer, self._limit, self._bench.recipe.training.truncate)

        def fits(example: Example) -> bool:
            try:
                encode(writer.sample(example))
            except TooLongError:
                return False
            return True

        return fits

    def _train(self, number: int, place: Path, facts: dict[str, Any]) -> Trained:
        """Trains a student from the base model, saves it, and adds to `facts` what training it was."""
        validation = self._splits.validation
        prepared = prepare(self._bench, self._examples(number), validation, seed=self._bench.recipe.seed)
        checkpoints = place / "checkpoints"
        result = fit(self._bench, prepared, validation, checkpoints=checkpoints, resume=self._resume)
        save_model(prepared.model, self._bench.tokenizer, place / "model")
        write_json(place / "history.json", [asdict(row) for row in result.history])
        shutil.rmtree(checkpoints, ignore_errors=True)
        facts["training"] = training_record(prepared, result)
        return Trained(prepared.model, prepared.answer_tokens)

    def _load(self, path: Path, answer_tokens: int) -> Trained:
        """Opens a saved student where the first teacher stands, on its device."""
        model, _ = load_finetuned(path, quantization=self._bench.recipe.model.quantization)
        if self._bench.recipe.model.quantization is None:
            model.to(next(self._gold.model.parameters()).device)
        return Trained(model, answer_tokens)


def clear_students(folder: RunFolder) -> None:
    """Removes the models of the rounds; a run that is finished has the one that stays in its `model`."""
    for model in folder.self_training.glob("round-*/model"):
        shutil.rmtree(model, ignore_errors=True)
