"""The stage: examples in, each but once out, and a record of what was left out and what contradicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import tee
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from luthier.data.dedup.copies import Copies, find_copies
from luthier.data.dedup.spool import Spool
from luthier.data.duplicates import content
from luthier.data.examples import Examples
from luthier.data.journal import Journal
from luthier.tasks import Entity, Example
from luthier.text import normalise, shorten

_SHOWN = 5

Mode = Literal["near", "equal"]


@dataclass(frozen=True, slots=True)
class DedupReport:
    """What the stage did.

    Attributes:
        read: Records that came in.
        kept: Records that went out.
        dropped: Records left out, by reason: `equal` or `near` to one that is kept and has the same answer.
        contradictions: Records kept whose text is `equal` or `near` to an earlier one with another answer.
        shown: By reason, and for `contradiction`, the first few: id, origin, text, and those of the other.
    """

    read: int
    kept: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    contradictions: Mapping[str, int] = field(default_factory=dict)
    shown: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Returns the report as a JSON value."""
        return asdict(self)


def answer_key(example: Example) -> str:
    """Returns what two records of one text have in common that mean the same: target, dialogue, instruction.

    For entities it is type and surface, not where they stand.
    """
    target: Any = example.target
    if isinstance(target, tuple):
        target = [(item.type, normalise(item.text)) if isinstance(item, Entity) else item for item in target]
    elif isinstance(target, Mapping):
        target = sorted(target.items())
    instruction = example.instruction if example.text.strip() else None
    return repr((target, normalise(instruction or ""), [normalise(turn.content) for turn in example.history]))


def drop_copies(
    examples: Examples,
    to_record: Callable[[Example], Mapping[str, Any]],
    mode: Mode = "near",
    *,
    path: Path | None = None,
    key: Callable[[Example], str] = answer_key,
    dropped: Journal | None = None,
    contradictions: Journal | None = None,
) -> tuple[Examples, DedupReport]:
    """Leaves out every example that repeats an earlier one: an equal or near text with the same answer.

    One with another answer stays: which of the two is right, if not both, is for a person to say. They are
    counted, and written out.

    Args:
        examples: Read twice.
        to_record: Writes an example into the journals; `Task.record` for one.
        mode: Which are looked for: `near` and equal ones, or `equal` ones alone.
        path: The Arrow file that takes what is kept; None for a temporary one.
        key: Writes what is said of a text, so that the same is the same.
        dropped: Takes every record left out: id, origin, reason, id and origin of the one that it repeats,
            their similarity, the record.
        contradictions: Takes the records that are kept and contradict an earlier one, in the same form.
    """
    with TemporaryDirectory(prefix="luthier-dedup-") as name, Spool(Path(name) / "places") as places:
        texts, answers = tee(_noted(examples, places))
        copies = find_copies(map(content, texts), map(key, answers), near=mode == "near", folder=Path(name))
        places.finish()
        journals = {"dropped": dropped, "contradiction": contradictions}
        dropping = _Dropping(to_record, copies, places, journals)
        kept = Examples.write(dropping.run(examples), path)
    return kept, dropping.report(len(kept))


def _noted(examples: Iterable[Example], places: Spool) -> Iterator[Example]:
    for example in examples:
        places.append(f"{example.id}\0{example.origin}")
        yield example


class _Dropping:
    """One pass; counts and logs as it goes."""

    def __init__(
        self,
        to_record: Callable[[Example], Mapping[str, Any]],
        copies: Copies,
        places: Spool,
        journals: Mapping[str, Journal | None],
    ) -> None:
        self._to_record = to_record
        self._copies = copies
        self._places = places
        self._journals = journals
        self._dropped: Counter[str] = Counter()
        self._contradictions: Counter[str] = Counter()
        self._shown: dict[str, list[dict[str, Any]]] = {}

    def run(self, examples: Iterable[Example]) -> Iterator[Example]:
        found = self._copies
        for row, example in enumerate(examples):
            if found.of[row] != row:
                like = found.of[row], found.similarity[row]
                self._dropped[self._note("dropped", example, *like)] += 1
                continue
            if found.rival[row] >= 0:
                like = found.rival[row], found.rival_similarity[row]
                self._contradictions[self._note("contradiction", example, *like)] += 1
            yield example

    def report(self, kept: int) -> DedupReport:
        read, dropped, contradictions = len(self._copies.of), dict(self._dropped), dict(self._contradictions)
        return DedupReport(read, kept, dropped, contradictions, self._shown)

    def _note(self, journal: str, example: Example, other: int, similarity: float) -> str:
        """Writes down a record with the one that it is like; returns in what way it is."""
        reason = "equal" if similarity == 1 else "near"
        id, origin = self._places.read([int(other)])[0].split("\0")
        entry = {
            "id": example.id,
            "origin": example.origin,
            "stage": "duplicates",
            "reason": reason,
            "of": {"id": id, "origin": origin},
            "similarity": round(float(similarity), 4),
        }
        rows = self._journals[journal]
        if rows is not None:
            rows.add(entry | {"record": self._to_record(example)})
        shown = self._shown.setdefault(reason if journal == "dropped" else journal, [])
        if len(shown) < _SHOWN:
            shown.append(entry | {"text": shorten(content(example), 120)})
        return reason
