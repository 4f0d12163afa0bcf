"""`clean_file`: one data file in, the same records corrected, clean and without duplicates out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from luthier.data.cleaning import CleanOptions, CleanReport, CleanStage, CountTokens
from luthier.data.comparison import target_key
from luthier.data.corrections import Corrector, read_corrections
from luthier.data.dedup import drop_copies
from luthier.data.engines import EngineName, StageRun
from luthier.data.examples import Examples
from luthier.data.journal import Journal
from luthier.data.mislabelled import MislabelledReport
from luthier.data.options import DuplicateMode, ReadOptions
from luthier.data.plain import PlainReading, plain_key, plain_record
from luthier.data.reading import Reading
from luthier.data.removal import Conflict
from luthier.errors import UserError
from luthier.files import require_new, write_jsonl
from luthier.tasks import Example, Generation, Task


@dataclass(frozen=True, slots=True)
class FileReport:
    """What `clean_file` did.

    Attributes:
        source: The file that was read.
        read: Records in it.
        written: Records that went out.
        cleaned: What the rules changed and left out, with examples.
        corrections: Decision to number of records; nothing without a list.
        duplicates: Equal and near ones, left out and kept; nothing where they were not looked for.
        conflicts: Equal texts with different targets; nothing without a task, which says what a target is.
        ignored_columns: Columns that the task has no use for and that do not go out: records that had them.
        wrong_labels: What the search for wrong labels found; None where it was not asked for.
    """

    source: str
    read: int
    written: int
    cleaned: CleanReport
    corrections: Mapping[str, int] = field(default_factory=dict)
    duplicates: Mapping[str, int] = field(default_factory=dict)
    conflicts: Sequence[Conflict] = ()
    ignored_columns: Mapping[str, int] = field(default_factory=dict)
    wrong_labels: MislabelledReport | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns the report as a JSON value."""
        return asdict(self)


def clean_file(
    source: str,
    output: Path,
    *,
    task: Task | None = None,
    rules: CleanOptions | None = None,
    reading: ReadOptions | None = None,
    duplicates: DuplicateMode | None = None,
    corrections: Path | None = None,
    rejects: Path | None = None,
    changes: Path | None = None,
    count_tokens: CountTokens | None = None,
    engine: EngineName = "local",
    processes: int = 1,
) -> FileReport:
    """Corrects, cleans and deduplicates a file, record by record, the same by any engine.

    Memory does not grow with the file but for some ten bytes a record: its ids, and what tells duplicates.

    Args:
        source: File, saved dataset folder or hub id, in any form that a recipe reads.
        output: The JSON Lines file to write: records under our column names, or, without a task, all columns.
        task: What a record has to fit; None for records with a `text` of which all else passes through.
        rules: The rules; None for the default ones.
        reading: Columns, labels, encoding and split; None for the file as it is.
        duplicates: Which records are left out that repeat an earlier one; None: nothing is compared.
        corrections: A list of wrong labels that a person has decided on; they are put right before cleaning.
        rejects: JSON Lines of every record left out, with its stage and reason; None for no such file.
        changes: JSON Lines of every record that the rules changed, before and after; None for no such file.
        count_tokens: Counts a text in a model's tokens, for `max_tokens`.
        engine: What cleans: `local`, or `ray` for Ray Data.
        processes: Workers on this machine that clean; 1 for this process alone.

    Raises:
        UserError: Where a file to write exists, corrections come without a task, or `max_tokens` without a
            counter.
        DataError: With every problem of the file or of the list; nothing is written then.
    """
    rules = rules or CleanOptions()
    require_new({"--output": output, "--rejects": rejects, "--changes": changes})
    _check(task, rules, corrections, count_tokens)
    records = _open(source, task, reading or ReadOptions())
    to_record = plain_record if task is None else task.record
    dropped, changed = Journal(), Journal()
    stage = CleanStage(task, rules, to_record, count_tokens=count_tokens, note_changes=changes is not None)
    journals = {"dropped": dropped, "changes": changed}
    cleaning = StageRun(stage, engine=engine, processes=processes, journals=journals)
    corrector = None
    if corrections is not None and task is not None:
        corrector = Corrector(corrections, read_corrections(corrections), task, dropped)

    def clean() -> Iterator[Example]:
        yield from cleaning(records if corrector is None else corrector(records))
        # Before the output is in its place: nothing is written of a broken file, or by a list that misfits.
        records.finish()
        if corrector is not None:
            corrector.finish()

    found: Mapping[str, int] = {}
    conflicts: Sequence[Conflict] = ()
    stream: Iterable[Example] = clean()
    if duplicates is not None:
        stream, told = drop_copies(
            Examples.write(stream),
            to_record,
            duplicates,
            target=plain_key if task is None else target_key,
            # A question may have several answers, and of a plain record nobody knows what is an answer.
            contradict=task is not None and not isinstance(task, Generation),
            dropped=dropped,
        )
        found, conflicts = told.counts, told.conflicts
    written = write_jsonl(output, map(to_record, stream))
    for path, journal in ((rejects, dropped), (changes, changed)):
        if path is not None:
            write_jsonl(path, journal)
    counts = {} if corrector is None else dict(corrector.counts)
    ignored = dict(records.ignored) if isinstance(records, Reading) else {}
    return FileReport(source, records.records, written, cleaning.report, counts, found, conflicts, ignored)


def _open(source: str, task: Task | None, options: ReadOptions) -> Reading | PlainReading:
    if task is None:
        return PlainReading(source, options, Path.cwd())
    labelled = Reading.open(source, task, options, base_dir=Path.cwd()).has_targets()
    return Reading.open(source, task, options, base_dir=Path.cwd(), labelled=labelled)


def _check(
    task: Task | None,
    rules: CleanOptions,
    corrections: Path | None,
    count_tokens: Callable[[str], int] | None,
) -> None:
    if corrections is not None and task is None:
        raise UserError(
            "Corrections say what is true, so they need to know the task.", "Give --task TASK.yaml."
        )
    if rules.max_tokens is not None and count_tokens is None:
        raise UserError(
            "`max_tokens` counts in a model's tokens, and there is no model.", "Give --task TASK.yaml."
        )
