"""`FineTuned`: a finished run, loaded to predict."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import tee
from pathlib import Path
from typing import Any

from luthier.data import Examples, read_examples
from luthier.data.cleaning import Cleaning, mend_input, unmended
from luthier.data.sources import json_problem
from luthier.errors import DataError, Problem, UserError
from luthier.evaluation import Scores, evaluate
from luthier.experiment.bench import Bench
from luthier.experiment.fit import predictor
from luthier.experiment.folder import RunFolder, open_run
from luthier.experiment.recipe import load_recipe
from luthier.inference.prediction import Prediction
from luthier.models import load_finetuned
from luthier.tasks.base import RecordError
from luthier.tasks.example import Example

_STDIN = Path("<stdin>")
_NOT_UTF_8 = "convert it, for example with `iconv -f gb18030 -t utf-8`, or mend the half of an emoji"


class FineTuned:
    """A fine-tuned model with the design it was trained with: text in, `Prediction` out.

    Args:
        folder: The run's folder.

    Raises:
        UserError: Where the folder is not that of a finished run.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.recipe = load_recipe(folder.recipe, inputs=False)
        self.task = self.recipe.task
        model, tokenizer = load_finetuned(folder.model, quantization=self.recipe.model.quantization)
        self.bench = Bench.open(self.recipe, tokenizer)
        answer_tokens = folder.read(folder.manifest)["training"]["answer_tokens"]
        self.predictor = predictor(self.bench, model, self.task, answer_tokens)

    def __call__(self, record: str | Mapping[str, Any]) -> Prediction:
        """Predicts one text, or one record with the task's columns.

        Raises:
            UserError: Where it is neither a text nor a mapping.
            DataError: Where the record does not fit the task.
        """
        return next(iter(self.predict([record])))

    def predict(self, records: Iterable[str | Mapping[str, Any] | Example]) -> Iterator[Prediction]:
        """Predicts texts, records or examples, in their order.

        Raises:
            UserError: Where `records` is one record, or one of them neither a text nor a mapping.
            DataError: With every record that does not fit the task.
        """
        if isinstance(records, str | Mapping):
            raise UserError("`predict` takes several records, found one", "call the model itself with it")
        examples: list[Example] = []
        problems: list[Problem] = []
        for number, record in enumerate(records, 1):
            try:
                examples.append(self._example(record, number))
            except RecordError as error:
                problems += [replace(item, field=f"record {number}, {item.field}") for item in error.problems]
        if problems:
            raise DataError("These records do not fit the task:", problems)
        return self.predict_examples(examples)

    def predict_examples(
        self, examples: Iterable[Example], progress: Callable[[int], None] | None = None
    ) -> Iterator[Prediction]:
        """Predicts any number of examples, their texts mended as those of the training data were.

        Args:
            examples: As they were read; what is predicted has places in their own texts.
            progress: Called after each batch with the number of examples just done.
        """
        rules = self.recipe.data.clean
        given, read = tee(examples)
        mended = (mend_input(example, self.task, rules)[0] for example in read)
        for example, found in zip(given, self.predictor.predict(mended, progress=progress), strict=True):
            yield replace(found, value=unmended(found.value, example, self.task, rules))

    def evaluate(self, path: Path) -> Scores:
        """Scores the model on another labelled file, its texts mended as those of a run's test sets are.

        Raises:
            DataError: Where the file cannot be read or does not fit the task.
        """
        mending = Cleaning(self.task, self.recipe.data.clean, self.task.record, tests=True)
        examples = self._read(path, labelled=True, stage=mending)
        predictions = list(self.predictor.predict(examples))
        return evaluate(self.task, examples, predictions, self.recipe.evaluation, seed=self.recipe.seed)

    def read_file(self, path: Path) -> Sequence[Example]:
        """Reads an unlabelled (or labelled) data file; labels are ignored."""
        return self._read(path, labelled=False)

    def read_lines(self, lines: Iterable[str]) -> list[str | Mapping[str, Any]]:
        """Reads one record a line: a JSON object where the line begins with a brace, else a plain text.

        Raises:
            DataError: With every line that is not UTF-8, or begins with a brace and is no JSON object; or
                where there is none.
        """
        records: list[str | Mapping[str, Any]] = []
        problems: list[Problem] = []
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line.strip()) if line.lstrip().startswith("{") else line.rstrip("\r\n")
                json.dumps(record, ensure_ascii=False).encode()
                records.append(record)
            except json.JSONDecodeError as error:
                problems.append(json_problem(error, line, _STDIN, number))
            except UnicodeEncodeError:
                problems.append(Problem("is not UTF-8", _STDIN, number, hint=_NOT_UTF_8))
        if not records and not problems:
            problems.append(
                Problem("holds no records", _STDIN, allowed="a text or a JSON object on each line")
            )
        if problems:
            raise DataError("The input cannot be read:", problems)
        return records

    def _read(self, path: Path, *, labelled: bool, stage: Cleaning | None = None) -> Examples:
        options = self.recipe.data.reading("test")
        examples, _ = read_examples(
            str(path), self.task, options, base_dir=Path.cwd(), labelled=labelled, stage=stage
        )
        return examples

    def _example(self, record: str | Mapping[str, Any] | Example, number: int) -> Example:
        if isinstance(record, Example):
            return record
        if isinstance(record, str):
            record = {next(name for name, required in self.task.columns.items() if required): record}
        if not isinstance(record, Mapping):
            raise UserError(
                f"record {number} is a {type(record).__name__}, not a text or a mapping",
                "several records go to `.predict(records)`",
            )
        return self.task.example(record, id=str(record.get("id", number)), labelled=False)


def load(path: Path | str) -> FineTuned:
    """Loads a finished run to predict with; raises UserError where `path` is none."""
    return FineTuned(open_run(Path(path)))
