"""`luthier generate`, and the recipe's `generate`: the writer, the judge and the files around the stage."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from luthier.data import Examples, Splits, read_examples
from luthier.errors import UserError
from luthier.experiment.finetuned import FineTuned
from luthier.experiment.folder import MANIFEST, RunFolder, open_run
from luthier.experiment.recipe import Recipe, load_recipe, load_task
from luthier.files import require_new, write_json, write_jsonl
from luthier.generation import (
    Endpoint,
    GenerateOptions,
    GenerateReport,
    TextWriter,
    Wanted,
    generate_examples,
)
from luthier.generation.endpoint import EndpointWriter
from luthier.generation.filtering import Judge
from luthier.generation.generate import Generated
from luthier.generation.local import LocalWriter
from luthier.models import ModelOptions, load_finetuned, load_model, load_tokenizer
from luthier.tasks import Task
from luthier.tasks.example import Example, Target

_log = logging.getLogger(__name__)


def generate_file(
    source: str,
    output: Path,
    task_file: Path,
    *,
    overrides: Sequence[str] = (),
    seed: int = 0,
    avoid: Sequence[str] = (),
    report: Path | None = None,
) -> GenerateReport:
    """Generates labelled examples from a file of some, and writes them as records.

    The replies stand beside the output, in `<output>.journal`: the same call goes on where one stopped.

    Args:
        source: File, saved dataset folder or hub id of labelled records.
        output: JSON Lines of the new records; one that an earlier call of this kind wrote is written anew.
        task_file: YAML with `task`, and `design` and `generate` where the defaults will not do.
        overrides: `a.b=c` for that file.
        seed: Decides what every request asks for.
        avoid: Files whose texts no new example may repeat: test sets above all.
        report: JSON file for what is returned.

    Raises:
        UserError: Where a file, the writer or the journal is at fault, or a file to write exists.
        LuthierError: Where the writer fails; what it wrote is kept.
    """
    file = load_task(task_file, overrides)
    journal = output.with_name(output.name + ".journal")
    goes_on = output.exists() and journal.exists()
    require_new({"--output": None if goes_on else output, "--report": report})
    here = Path.cwd()
    examples, _ = read_examples(source, file.task, file.data, base_dir=here)
    held_out = {
        path: read_examples(path, file.task, file.data, base_dir=here, labelled=False)[0] for path in avoid
    }
    wanted = Wanted(examples, file.task, file.design, file.generate, seed, held_out)
    made, done = _generate(wanted, journal)
    write_jsonl(output, (_record(item, file.task) for item in made))
    if report is not None:
        write_json(report, done.to_json())
    return done


def generate_stage(recipe: Recipe, splits: Splits, folder: RunFolder) -> Splits:
    """Adds new examples to a run's training split; validation and tests are what they were.

    Args:
        recipe: Its `generate` says how many, and who writes.
        splits: As loaded.
        folder: Takes the new records, the replies and the report.
    """
    options = recipe.generate
    if options is None:
        return splits
    held_out: dict[str, Sequence[Example]] = {"a validation record": splits.validation}
    held_out |= {f"a record of test/{name}": test.examples for name, test in splits.tests.items()}
    wanted = Wanted(splits.train, recipe.task, recipe.design, options, recipe.seed, held_out)
    made, report = _generate(wanted, folder.data / "generated.journal")
    write_jsonl(folder.data / "generated.jsonl", (_record(item, recipe.task) for item in made))
    write_json(folder.data / "generated.json", report.to_json())
    both = [*splits.train, *(item.example for item in made)]
    return replace(splits, train=Examples.write(both))


def _generate(wanted: Wanted, journal: Path) -> tuple[list[Generated], GenerateReport]:
    options = wanted.options
    judge = None if options.agree is None else _judge(Path(options.agree), wanted.task)
    with _writer(options, wanted.seed) as (writer, name):
        made, report = generate_examples(wanted, writer, name=name, journal=journal, judge=judge)
    _log.info("  new examples: %d, from %d requests", report.kept, report.requests)
    return made, report


@contextmanager
def _writer(options: GenerateOptions, seed: int) -> Iterator[tuple[TextWriter, str]]:
    """Opens who writes; yields it with its name."""
    chosen = options.model
    if isinstance(chosen, Endpoint):
        with EndpointWriter(chosen) as writer:
            yield writer, f"{chosen.model} at {chosen.url}"
        return
    place = Path(chosen.name).expanduser()
    if (place / MANIFEST).exists():
        folder = open_run(place)
        quantization = load_recipe(folder.recipe, inputs=False).model.quantization
        model, tokenizer = load_finetuned(folder.model, quantization=quantization)
    else:
        named = ModelOptions(name=chosen.name)
        model, tokenizer = load_model(named), load_tokenizer(named)
    chat = chosen.chat == "auto"
    yield LocalWriter(model, tokenizer, batch=chosen.batch_size, chat=chat, seed=seed), chosen.name


def _judge(run: Path, task: Task) -> Judge:
    """Returns what a run says of examples.

    Raises:
        UserError: Where the run is none, or of another task.
    """
    model = FineTuned(open_run(run))
    if model.task.schema() != task.schema():
        raise UserError(
            f"The run {run} was trained for another label space; it cannot judge these examples.",
            "Name a run of the same task in generate.agree.",
        )

    def judge(examples: Sequence[Example]) -> Sequence[Target]:
        return [prediction.value for prediction in model.predict(examples)]

    return judge


def _record(item: Generated, task: Task) -> dict[str, object]:
    return {**task.record(item.example), "generated": dict(item.provenance)}
