"""Token rows: every sample of a split encoded, in Arrow, with a report of what was cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.design.sample import Sample
from luthier.errors import DataError, Problem
from luthier.files import atomic_path
from luthier.models.encode import UNSUPERVISED, Encoded, Encoder, TooLongError, Truncate

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase

_CHUNK = 1000


@dataclass(slots=True)
class EncodeReport:
    """What encoding a split found.

    Attributes:
        rows: Rows encoded.
        tokens: Tokens of all rows.
        supervised_tokens: Tokens that count in the loss.
        longest: Tokens of the longest row.
        unended: Rows whose last token does not count in the loss: their model would not learn to stop.
        unsupervised: Ids of the rows without any token that counts in the loss.
        cut: Id to characters cut from the input, for the rows that were cut.
    """

    rows: int = 0
    tokens: int = 0
    supervised_tokens: int = 0
    longest: int = 0
    unended: int = 0
    unsupervised: list[str] = field(default_factory=list)
    cut: dict[str, int] = field(default_factory=dict)

    def add(self, id: str, encoded: Encoded) -> None:
        """Counts one row."""
        length, supervised = len(encoded.input_ids), encoded.supervised
        self.rows += 1
        self.tokens += length
        self.supervised_tokens += supervised
        self.longest = max(self.longest, length)
        self.unended += encoded.labels[-1:] == [UNSUPERVISED]
        if not supervised:
            self.unsupervised.append(id)
        if encoded.cut:
            self.cut[id] = encoded.cut


def encode_all(
    samples: Iterable[Sample],
    tokenizer: PreTrainedTokenizerBase,
    *,
    max_length: int | None = None,
    truncate: Truncate = "error",
    path: Path | None = None,
) -> tuple[Dataset, EncodeReport]:
    """Encodes samples into rows: `id`, `input_ids`, `labels`, `weight`, `length`, `supervised` (tokens).

    Args:
        samples: In the order of the rows.
        tokenizer: Of the model that is to read them.
        max_length: Tokens allowed a row; None is no limit.
        truncate: As in `encode`.
        path: An Arrow file to write, from which the rows are then memory-mapped; None keeps them in memory.

    Raises:
        DataError: Where samples do not fit, with their number, their ids and the length that would do.
    """
    import pyarrow as pa
    from datasets import Dataset
    from datasets.table import InMemoryTable

    report = EncodeReport()
    encoder = Encoder(tokenizer, max_length, truncate)
    batches = _batches(samples, encoder, report)
    if path is None:
        return Dataset(InMemoryTable(pa.Table.from_batches(batches, _schema()))), report
    with (
        atomic_path(path) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_stream(sink, _schema()) as writer,
    ):
        for batch in batches:
            writer.write_batch(batch)
    return Dataset.from_file(str(path)), report


def _batches(samples: Iterable[Sample], encoder: Encoder, report: EncodeReport) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    too_long: list[TooLongError] = []
    rows: list[dict[str, Any]] = []
    for sample in samples:
        try:
            encoded = encoder(sample)
        except TooLongError as error:
            too_long.append(error)
            continue
        report.add(sample.id, encoded)
        rows.append(
            {
                "id": sample.id,
                "input_ids": encoded.input_ids,
                "labels": encoded.labels,
                "weight": encoded.weight,
                "length": len(encoded.input_ids),
                "supervised": encoded.supervised,
            }
        )
        if len(rows) == _CHUNK:
            yield pa.RecordBatch.from_pylist(rows, _schema())
            rows = []
    if too_long:
        raise _overflow(too_long, report.rows + len(too_long))
    yield pa.RecordBatch.from_pylist(rows, _schema())


def _schema() -> pa.Schema:
    import pyarrow as pa

    ids = pa.list_(pa.int32())
    return pa.schema(
        [
            ("id", pa.string()),
            ("input_ids", ids),
            ("labels", ids),
            ("weight", pa.float32()),
            ("length", pa.int32()),
            ("supervised", pa.int32()),
        ]
    )


def _overflow(errors: list[TooLongError], rows: int) -> DataError:
    needed = max(error.needed for error in errors)
    return DataError(
        f"{len(errors)} of {rows} samples do not fit into max_length",
        [Problem(error.message) for error in errors],
        errors[0].hint.replace(f"max_length to {errors[0].needed} ", f"max_length to {needed} "),
    )
