"""`luthier clean`: a file cleaned by the rules of a recipe, of their own file, or by the default ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from luthier.data import CleanOptions
from luthier.data.clean_file import FileReport, clean_file
from luthier.data.engines import EngineName
from luthier.data.options import DuplicateMode
from luthier.errors import UserError
from luthier.experiment.bench import token_counter
from luthier.experiment.mislabelled import TFIDF, write_wrong_labels
from luthier.experiment.recipe import load_task, recipe_error
from luthier.experiment.source import read_source
from luthier.experiment.validation import validate
from luthier.files import require_new, write_json

_HINT = "All keys and their values: docs/cleaning.md, or docs/recipe.md"


def clean(
    source: str | Path,
    output: Path | str,
    *,
    task: Path | str | None = None,
    rules: Path | str | CleanOptions | None = None,
    duplicates: DuplicateMode | None = None,
    corrections: Path | str | None = None,
    report: Path | str | None = None,
    rejects: Path | str | None = None,
    changes: Path | str | None = None,
    wrong_labels: Path | str | None = None,
    judge: str = TFIDF,
    engine: EngineName = "local",
    processes: int = 1,
) -> FileReport:
    """Corrects, cleans and deduplicates a data file.

    Args:
        source: File, saved dataset folder or hub id.
        output: The JSON Lines file to write.
        task: YAML with a recipe's `task`; its `data` (columns, label_map, encoding, `clean`) and, for
            `max_tokens`, its `model` count too. None for records with a `text`, of which all else passes
            through.
        rules: YAML of rules as in a recipe's `data.clean`, or the options; None for those of `task`, else
            the default ones.
        duplicates: Which records are left out that repeat an earlier one: `equal`, `near`, or none
            (`report`); None: nothing is compared.
        corrections: A list of wrong labels that a person has decided on; needs `task`.
        report: JSON file for what is returned.
        rejects: JSON Lines file for the records left out, each with its reason.
        changes: JSON Lines file for the records that the rules changed, before and after.
        wrong_labels: JSON Lines file for labels of `source` that are probably wrong, with suggestions: what
            `corrections` takes once a person has decided; needs `task`.
        judge: Who doubts labels: `tfidf`, or the folder of a run that was cross-validated over these records.
        engine: What cleans: `local`, or `ray` for Ray Data. The outcome is the same.
        processes: Workers on this machine; 1 for this process alone.

    Raises:
        UserError: Where a file is missing, exists already, or does not fit; nothing is written then.
    """
    places = {"--output": output, "--report": report, "--rejects": rejects, "--changes": changes}
    require_new({**places, "--wrong-labels": wrong_labels})
    if wrong_labels is not None:
        _check_wrong_labels(task, corrections)
    file = None if task is None else load_task(Path(task))
    chosen = rules if isinstance(rules, CleanOptions) else None if rules is None else _load_rules(Path(rules))
    if chosen is None:
        chosen = CleanOptions() if file is None else file.data.clean
    doubted = None
    if wrong_labels is not None and task is not None:
        doubted = write_wrong_labels(str(source), Path(task), Path(wrong_labels), model=judge)
    found = clean_file(
        str(source),
        Path(output),
        task=None if file is None else file.task,
        rules=chosen,
        reading=None if file is None else file.data,
        duplicates=duplicates,
        corrections=None if corrections is None else Path(corrections),
        rejects=None if rejects is None else Path(rejects),
        changes=None if changes is None else Path(changes),
        count_tokens=None if file is None else token_counter(file.model, chosen),
        engine=engine,
        processes=processes,
    )
    found = replace(found, wrong_labels=doubted)
    if report is not None:
        write_json(Path(report), found.to_json())
    return found


def _check_wrong_labels(task: Path | str | None, corrections: Path | str | None) -> None:
    """Refuses a list of wrong labels that could not be made, or that nobody could apply."""
    if task is None:
        raise UserError("--wrong-labels needs --task, which says what a label is.", "Add --task TASK.yaml.")
    if corrections is not None:
        raise UserError(
            "--wrong-labels doubts the labels as they stand in the file, before --corrections.",
            "Write the corrected file first, then look for wrong labels in that.",
        )


def _load_rules(path: Path) -> CleanOptions:
    source = read_source(path, sections="html: true, repeats: {keep: 2}", advice="See docs/cleaning.md.")
    rules, problems = validate(CleanOptions, source)
    if rules is None:
        raise recipe_error(path, problems, _HINT)
    return rules
