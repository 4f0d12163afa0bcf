"""Looking at a data file: which task it may be for, and how its columns are called."""

from __future__ import annotations

import random
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from luthier.data.encoding import EncodingError, open_text
from luthier.data.raw import RawRecord, SourceError
from luthier.data.reading import ALIASES
from luthier.data.sources import read_records, resolve
from luthier.errors import DataError, Problem, UserError
from luthier.invalid import did_you_mean
from luthier.tasks.classification import NO_LABEL
from luthier.tasks.record import as_name, is_missing, parse_cell
from luthier.tasks.space import SENTIMENTS, polarity
from luthier.text import guess_language, normalise

MOST_RECORDS = 2000
MOST_SEEN = 100_000
MOST_LABELS = 100
_OWN = ("id", "language", "domain", "group", "weight")
_INTEGER = re.compile("-?[0-9]+")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A guess at a recipe's `task` and `data` for a file.

    Attributes:
        task: The `task` section.
        columns: Our column name to the file's, where they differ.
        label_map: The file's label to ours, where the file spells one label in several ways.
        notes: Why, and what to look at, one sentence each.
        encoding: The file's encoding.
    """

    task: Mapping[str, Any]
    columns: Mapping[str, str] = field(default_factory=dict)
    label_map: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    encoding: str = "utf-8"


def sniff(path: Path, task_type: str | None = None) -> Proposal:
    """Guesses task type, columns, labels and language from up to 2,000 records drawn from a file.

    Args:
        path: File or saved dataset folder.
        task_type: The task's type where the user names it; else it is guessed too.

    Raises:
        DataError: Where the file cannot be read.
        UserError: Where nothing in it looks like something to predict, or not like `task_type`.
    """
    encoding = _encoding(path)
    try:
        raw = read_records(resolve(str(path), Path.cwd()), encoding, "train")
        broken: list[Problem] = []
        rows, seen = _sample(_values(raw, broken))
    except SourceError as error:
        raise DataError(f"{path} cannot be read:", [error.problem]) from error
    if broken:
        raise DataError(f"{path} has {len(broken)} broken records:", broken)
    if not rows:
        problem = Problem("holds no records", file=path, allowed="at least one")
        raise DataError(f"{path} cannot be read:", [problem])
    table = _Table(rows, seen)
    guesses: dict[str, Callable[[_Table], Proposal | None]] = {
        "extraction": _extraction,
        "aspects": _aspects,
        "generation": _dialogue,
        "classification": _classification,
    }
    for name, guess in guesses.items():
        proposal = guess(table) if task_type in (None, name) else None
        if proposal is None and name == "classification" and task_type in (None, "generation"):
            proposal = _text_to_text(table)
        if proposal is not None:
            return _finish(proposal, table, encoding)
    if task_type not in (None, *guesses):
        hint = did_you_mean(str(task_type), guesses)
        raise UserError(
            f"--task: {task_type!r} is no task type (allowed: {', '.join(sorted(guesses))})", hint
        )
    wanted = f"the target of {task_type}" if task_type else "something to predict"
    raise UserError(
        f"{path}: no column looks like {wanted} (columns: {', '.join(table.columns)})",
        "a record needs a text and a label, aspects, entities or an output",
    )


class _Table:
    """The records looked at, by column."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], seen: int) -> None:
        self.size = len(rows)
        self.seen = seen
        names = dict.fromkeys(name for row in rows for name in row)
        self.columns = {
            name: [parse_cell(row[name]) for row in rows if not is_missing(row.get(name))] for name in names
        }

    def texts(self) -> list[str]:
        """Columns of running text, the longest first."""
        lengths = {
            name: sum(map(len, values)) / len(values)
            for name, values in self.columns.items()
            if name not in _OWN and values and all(isinstance(value, str) for value in values)
        }
        return sorted((n for n in lengths if not self._is_closed(n)), key=lambda n: -lengths[n])

    def text(self, ours: str, without: Sequence[str] = ()) -> str | None:
        """The column of running text that is meant by `ours`."""
        found = [name for name in self.texts() if name not in without]
        return next((name for name in found if name.casefold() == ours or _means(name, ours)), None) or next(
            iter(found), None
        )

    def labels(self, column: str) -> list[str]:
        """The distinct labels of a column, in a sensible order."""
        values = [as_name(value) for value in self.columns[column]]
        return _ordered(Counter(value for value in values if isinstance(value, str)))

    def slips(self, column: str) -> list[str]:
        """Labels so rare that they may be slips of the pen: once in 100 records or more, twice in 200."""
        counts = Counter(as_name(value) for value in self.columns[column])
        few = min(2, self.size // 100)
        return [str(label) for label, count in counts.items() if count <= few]

    def label_column(self) -> str | None:
        """The column that looks most like a label: by its name, else the one with fewest different values."""
        closed = [name for name in self.columns if name not in _OWN and self._is_closed(name)]
        named = [name for name in closed if name.casefold() == "label" or _means(name, "label")]
        return min(named or closed, key=lambda name: len(self.labels(name)), default=None)

    def _is_closed(self, column: str) -> bool:
        values = [as_name(value) for value in self.columns[column]]
        if not values or not all(isinstance(value, str) for value in values):
            return False
        counts = Counter(values)
        short = max(map(len, counts)) <= 60
        by_name = column.casefold() == "label" or _means(column, "label")
        rare = len(counts) <= max(2, len(values) * (0.5 if by_name else 0.2))
        return short and rare and 2 <= len(counts) <= MOST_LABELS


def _extraction(table: _Table) -> Proposal | None:
    for column, values in table.columns.items():
        items = [
            item for value in values if isinstance(value, list) for item in value if isinstance(item, Mapping)
        ]
        if items and all({"start", "end", "type"} <= set(item) for item in items):
            types = [name for name, _ in Counter(str(as_name(item["type"])) for item in items).most_common()]
            note = f"{column!r} lists spans with start, end and type: {len(types)} types"
            text = table.text("text")
            if text is not None:
                return Proposal(
                    {"type": "extraction", "types": types}, {"text": text, "entities": column}, notes=[note]
                )
    return None


def _aspects(table: _Table) -> Proposal | None:
    for column, values in table.columns.items():
        if column == "reasons" or not values or not all(isinstance(value, Mapping) for value in values):
            continue
        pairs = [(aspect, as_name(label)) for value in values for aspect, label in value.items()]
        said = [(aspect, label) for aspect, label in pairs if aspect and isinstance(label, str) and label]
        labels = _ordered(Counter(label for _, label in said))
        text = table.text("text")
        if text is None or not said or len(labels) > MOST_LABELS:
            continue
        aspects = [aspect for aspect, _ in Counter(aspect for aspect, _ in said).most_common()]
        notes = [f"{column!r} gives labels to aspects: {len(aspects)} aspects, {len(labels)} labels"]
        if polarity(labels) is None:
            notes.append(
                "the labels are no sentiments: give `kappa_weights` to have a weighted kappa reported"
            )
        return Proposal(
            {"type": "aspects", "aspects": aspects, "labels": labels},
            {"text": text, "aspects": column},
            notes=notes,
        )
    return None


def _dialogue(table: _Table) -> Proposal | None:
    for column in ("messages", "conversations"):
        if column in table.columns:
            return Proposal({"type": "generation"}, notes=[f"{column!r} holds dialogues"])
    if "output" in table.columns and ({"input", "instruction"} & set(table.columns)):
        form = "Alpaca records" if "instruction" in table.columns else "`input` and `output`"
        return Proposal({"type": "generation"}, notes=[f"the columns are those of {form}"])
    return None


def _classification(table: _Table) -> Proposal | None:
    several = _several_labels(table)
    if several is not None:
        return several
    label = table.label_column()
    if label is None:
        return None
    task: dict[str, Any] = {"type": "classification"}
    labels = table.labels(label)
    notes = [f"{label!r} has {len(labels)} different values in {table.size} records"]
    columns = {"label": label}
    pair = _pair(table)
    if pair is not None:
        task["pair"] = True
        columns.update(zip(("text", "text_pair"), pair, strict=True))
        notes.append(f"{pair[0]!r} and {pair[1]!r} are read as a pair of texts")
    else:
        text = table.text("text", without=[label])
        if text is None:
            return None
        columns["text"] = text
    task["labels"], label_map = _one_spelling(labels, notes)
    if len(task["labels"]) < 2:
        return None
    slips = [name for name in table.slips(label) if name in task["labels"]]
    if slips and len(task["labels"]) - len(slips) >= 2:
        shown = ", ".join(map(repr, slips[:5])) + (", ..." if len(slips) > 5 else "")
        notes.append(f"{shown}: once or twice only in {table.size:,} records; a slip? correct file and list")
    if all(map(_INTEGER.fullmatch, labels)):
        notes.append(
            "the labels are numbers: models learn words better; `label_map: {1: positive}` gives them words"
        )
    return Proposal(task, columns, label_map, notes)


def _several_labels(table: _Table) -> Proposal | None:
    for column, values in table.columns.items():
        lists = [
            value.split("|") if isinstance(value, str) and column == "labels" else value for value in values
        ]
        if not lists or not all(
            isinstance(i, list) and all(isinstance(as_name(x), str) for x in i) for i in lists
        ):
            continue
        found = Counter(str(as_name(item)) for value in lists for item in value)
        found = Counter({name: count for name, count in found.items() if name not in NO_LABEL.values()})
        text = table.text("text", without=[column])
        notes: list[str] = []
        labels, label_map = _one_spelling(_ordered(found), notes)
        if text is not None and 2 <= len(labels) <= MOST_LABELS:
            notes.insert(0, f"{column!r} lists several labels a record: {len(labels)} labels")
            task = {"type": "classification", "multi_label": True, "labels": labels}
            return Proposal(task, {"text": text, "labels": column}, label_map, notes)
    return None


def _one_spelling(labels: Sequence[str], notes: list[str]) -> tuple[list[str], dict[str, str]]:
    """Returns the labels that can be told apart, and the other spellings mapped to them; notes these."""
    groups: dict[str, list[str]] = {}
    for name in labels:
        groups.setdefault(normalise(name), []).append(name)
    label_map = {name: names[0] for names in groups.values() for name in names[1:]}
    if label_map:
        spelt = "1 spelling differs" if len(label_map) == 1 else f"{len(label_map)} spellings differ"
        notes.append(f"{spelt} in case or width only; `label_map` makes them one")
    return [names[0] for names in groups.values()], label_map


def _pair(table: _Table) -> tuple[str, str] | None:
    pairs = (
        ("text", "text_pair"),
        ("premise", "hypothesis"),
        ("sentence1", "sentence2"),
        ("question1", "question2"),
        ("text1", "text2"),
        ("text_a", "text_b"),
        ("query", "passage"),
    )
    return next((pair for pair in pairs if set(pair) <= set(table.columns)), None)


def _text_to_text(table: _Table) -> Proposal | None:
    texts = [name for name in table.texts() if len(set(table.columns[name])) > table.size / 2]
    if len(texts) < 2:
        return None
    output = next((name for name in texts if _means(name, "output")), texts[1])
    source = table.text("input", without=[output])
    if source is None:
        return None
    note = f"{source!r} and {output!r} are both running text: one may be written from the other"
    return Proposal({"type": "generation"}, {"input": source, "output": output}, notes=[note])


def _means(name: str, ours: str) -> bool:
    return name.casefold() in ALIASES.get(ours, ())


def _ordered(counts: Counter[str]) -> list[str]:
    """Orders labels: sentiments as published, numbers by value, others by frequency."""
    for order in SENTIMENTS.values():
        if set(counts) <= set(order):
            return [name for name in order if name in counts]
    if all(map(_INTEGER.fullmatch, counts)):
        return sorted(counts, key=int)
    return sorted(counts, key=lambda name: (-counts[name], name))


def _values(raw: Iterator[RawRecord | Problem], broken: list[Problem]) -> Iterator[Mapping[str, Any]]:
    """Yields the columns of each record; notes what is none."""
    for item in raw:
        if isinstance(item, Problem):
            broken.append(item)
        else:
            yield item.values


def _sample(rows: Iterator[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], int]:
    """Draws up to 2,000 of the first 100,000 records evenly, as files are often sorted by label."""
    drawn: list[Mapping[str, Any]] = []
    draw = random.Random(0)
    seen = 0
    for seen, row in enumerate(islice(rows, MOST_SEEN), 1):
        if len(drawn) < MOST_RECORDS:
            drawn.append(row)
        elif (place := draw.randrange(seen)) < MOST_RECORDS:
            drawn[place] = row
    return drawn, seen


def _finish(proposal: Proposal, table: _Table, encoding: str) -> Proposal:
    columns = {ours: theirs for ours, theirs in proposal.columns.items() if ours != theirs}
    sample = " ".join(
        value for name in table.texts()[:2] for value in table.columns[name][:100] if isinstance(value, str)
    )
    language = guess_language(sample or str(next(iter(table.columns.values()))[:50]))
    notes = [*proposal.notes, f"the texts look {'Chinese' if language == 'zh' else 'English'}"]
    if table.seen > table.size:
        notes.append(f"{table.size:,} of {table.seen:,} records were looked at; others may have other labels")
    if encoding != "utf-8":
        notes.append(f"the file is not UTF-8; it looks like {encoding}")
    return Proposal({**proposal.task, "language": language}, columns, proposal.label_map, notes, encoding)


def _encoding(path: Path) -> str:
    if not path.is_file() or path.name.endswith(".parquet"):
        return "utf-8"
    try:
        open_text(path).close()
    except EncodingError as error:
        return error.guess or "utf-8"
    except (OSError, EOFError, zlib.error):
        pass  # reading the records says what is wrong with the file
    return "utf-8"
