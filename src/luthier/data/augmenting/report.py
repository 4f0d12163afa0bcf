"""What augmentation made, what it threw away and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from luthier.augment import Piece
from luthier.data.examples import Examples

UNCHANGED = "nothing to change"
REPEATED = "equal to another copy"
KNOWN = "equal to another record"
HELD_OUT = "equal to a held-out record"
EMPTY = "empty"
LOST = "protected text is gone"
DISAGREED = "the model gives another label"
TAKEN = "its id is taken"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a copy comes from.

    Attributes:
        id: The copy's.
        original: Id of the example that it varies.
        augmenter: Which augmenter made it: its type, with a number where the list has several of the type.
        pieces: What its text is put together from, as in `Variant`: stretches of the original, new text.
    """

    id: str
    original: str
    augmenter: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A copy that was not kept.

    Attributes:
        original: Id of the example that it would vary.
        augmenter: As in `Provenance`.
        reason: Why it was not kept.
        text: What it would have said; empty where it was never made.
    """

    original: str
    augmenter: str
    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class AugmentReport:
    """What augmentation did, in numbers.

    Attributes:
        seed: What every copy was drawn from, with its original's id, its augmenter and its number.
        originals: Labelled examples.
        unlabelled: Examples without a target, of which no copies are made.
        made: Copies that were kept, by augmenter.
        refused: Copies that were not, by augmenter and reason.
        distinct: `distinct_1` and `distinct_2` of the originals (`before`), of originals and copies together
            (`after`), and of as much text without a new word or word pair (`repeated`), as more text of one
            kind has lower shares anyway; see `measures.Distinct`.
        edit_distance: Mean edit distance between copy and original, 0 to 1, by augmenter, see
            `measures.edit_distance`.
        agreement: Share of the copies that a model gave their original's label, by augmenter; empty where no
            model judged them.
    """

    seed: int
    originals: int
    unlabelled: int
    made: Mapping[str, int]
    refused: Mapping[str, Mapping[str, int]]
    distinct: Mapping[str, Mapping[str, float]]
    edit_distance: Mapping[str, float]
    agreement: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Returns the report as a JSON value."""
        return asdict(self)

    def counts(self) -> dict[str, int]:
        """Returns what a table of stages shows: copies by augmenter, and by the reason they were refused."""
        found = dict(self.made)
        for name, reasons in self.refused.items():
            found |= {f"{name}: {reason}": count for reason, count in reasons.items()}
        return found


@dataclass(frozen=True, slots=True)
class Augmented:
    """Copies, and what is known of them.

    Attributes:
        copies: New examples, in the order of their originals; the originals are not among them.
        provenance: Where each comes from, in their order.
        refusals: The copies that were not kept.
        report: All of it in numbers.
    """

    copies: Examples
    provenance: Sequence[Provenance]
    refusals: Sequence[Refusal]
    report: AugmentReport

    def of(self, originals: Collection[str]) -> Examples:
        """Returns the copies of some originals, given by their ids."""
        wanted = set(originals)
        return self.copies.select(
            index for index, made in enumerate(self.provenance) if made.original in wanted
        )

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yields each copy as a JSON object, with where it comes from."""
        for record, made in zip(self.copies.to_records(), self.provenance, strict=True):
            yield {
                **record,
                "original": made.original,
                "augmenter": made.augmenter,
                "pieces": [piece if isinstance(piece, str) else list(piece) for piece in made.pieces],
            }
