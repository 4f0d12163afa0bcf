"""`luthier augment`: a file of labelled records, and varied copies of them, in another file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from luthier.augment import Augmenter
from luthier.augment.any import Augmenters, placed
from luthier.augment.language_oriented import PRESET
from luthier.data import Examples, read_examples
from luthier.data.augmenting import Augmented, AugmentReport, Judge, augment_examples
from luthier.errors import Problem, RecipeError, UserError
from luthier.experiment.finetuned import load
from luthier.experiment.recipe import load_task, recipe_error
from luthier.experiment.source import Source, read_source
from luthier.experiment.validation import validate
from luthier.files import require_new, write_json, write_jsonl
from luthier.tasks import Task

_HINT = "All augmenters and their keys: docs/augmentation.md"
_LINES = (".jsonl", ".ndjson")


class AugmentFile(BaseModel):
    """A YAML file of augmenters: `augment` as it stands in a recipe's `data`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    augment: Augmenters
    """What varies the records."""


def augment_file(
    input: Path,
    output: Path,
    task_file: Path,
    *,
    augmenters: Sequence[Augmenter] = (),
    copies: int | None = None,
    seed: int = 0,
    agree: Judge | None = None,
    only_new: bool = False,
    report: Path | None = None,
    rejects: Path | None = None,
) -> AugmentReport:
    """Reads labelled records and writes them with varied copies behind them.

    A copy has the columns of its original, an id of its own, and `original` and `augmenter`.

    Args:
        input: The labelled records. What is held out for tests must not be among them.
        output: JSON lines.
        task_file: YAML with a recipe's `task`.
        augmenters: What varies them; none for the preset `language-oriented`.
        copies: How many copies each augmenter makes of a record; None leaves it to the augmenter.
        seed: Decides what is varied and how.
        agree: A model that judges the copies, see `augment_examples`.
        only_new: Leave the originals out of the output.
        report: JSON file for the report.
        rejects: JSON lines for the copies that were not kept, each with its reason.

    Raises:
        UserError: Where a file cannot be read, one to write exists, or records and task do not fit.
    """
    _check_output(output)
    require_new({"--output": output, "--report": report, "--rejects": rejects})
    file = load_task(task_file)
    task = file.task
    examples, _ = read_examples(str(input), task, file.data, base_dir=Path.cwd())
    chosen = augmenters or read_augmenters([PRESET])
    if copies is not None:
        chosen = [type(item).model_validate({**item.model_dump(), "copies": copies}) for item in chosen]
    made = augment_examples(examples, task, chosen, seed=seed, agree=agree)
    write_jsonl(output, _rows(task, Examples.of(()) if only_new else examples, made))
    if report is not None:
        write_json(report, made.report.to_json())
    if rejects is not None:
        write_jsonl(rejects, map(asdict, made.refusals))
    return made.report


def _check_output(output: Path) -> None:
    if output.suffix not in _LINES:
        raise UserError(
            f"{output} is no name for JSON lines.", f"Give it one that ends in {' or '.join(_LINES)}."
        )


def _rows(task: Task, originals: Examples, made: Augmented) -> Iterator[dict[str, Any]]:
    for example in originals:
        yield task.record(example)
    for copy, origin in zip(made.copies, made.provenance, strict=True):
        yield {**task.record(copy), "original": origin.original, "augmenter": origin.augmenter}


def read_augmenters(values: Sequence[str]) -> tuple[Augmenter, ...]:
    """Reads what `--augment` was given.

    Args:
        values: Each the name of an augmenter, one in YAML (`{type: synonyms, share: 0.3}`), or a YAML file
            with `augment:` as in a recipe's `data`.

    Raises:
        UserError: Where a file cannot be read.
        RecipeError: With every problem of a value.
    """
    found: list[Augmenter] = []
    for value in values:
        is_file = value.endswith((".yaml", ".yml"))
        source = (
            read_source(Path(value), sections="augment: [...]", advice=_HINT) if is_file else _given(value)
        )
        file, problems = validate(AugmentFile, source)
        if file is None:
            raise recipe_error(Path(value if is_file else "--augment"), problems, _HINT)
        folder = Path(value).resolve().parent if is_file else Path.cwd()
        found += [placed(item, folder) for item in file.augment]
    return tuple(found)


def judge(run: Path) -> Judge:
    """Returns a finished run as what judges copies.

    Raises:
        UserError: Where `run` is not the folder of a finished run.
    """
    model = load(run)
    return lambda examples: (prediction.value for prediction in model.predict(examples))


def _given(value: str) -> Source:
    """Takes one augmenter on the command line for a file with nothing else in it."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return Source({"augment": [YAML(typ="safe").load(value)]})
    except YAMLError:
        problem = Problem(f"{value!r} is not valid YAML", field="--augment", allowed="{type: synonyms, ...}")
        raise RecipeError("An augmenter cannot be read:", [problem], _HINT) from None
