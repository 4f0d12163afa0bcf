"""Documents packed into full rows, and the mask that keeps attention inside each document.

A source's documents are laid end to end and the stream is cut every `row_length` tokens, so nothing is
padding; a document that crosses a cut goes on in the next row as a piece of its own. Inside a row every
piece starts at position 0 and sees itself alone, so its logits are those it would have in a batch by itself.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

_BATCH = 512


def pack_documents(
    documents: Sequence[str], tokenizer: "PreTrainedTokenizerBase", row_length: int
) -> "NDArray[np.uint16]":
    """Tokenise documents, each opened by BOS and closed by EOS, into full rows; what is left over is dropped.

    Returns:
        Token ids, shape (rows, row_length).
    """
    parts: list[NDArray[np.uint16]] = []
    end = [tokenizer.eos_token_id]
    for first in range(0, len(documents), _BATCH):
        # A document that happens to spell a special token must not end itself.
        encoded = tokenizer(list(documents[first : first + _BATCH]), split_special_tokens=True)["input_ids"]
        parts.extend(np.array(ids + end, dtype=np.uint16) for ids in encoded)
    stream = np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint16)
    rows = len(stream) // row_length
    return stream[: rows * row_length].reshape(rows, row_length)


def mix_sources(shares: Sequence[float]) -> Iterator[int]:
    """Yield source numbers for ever, each source as near its share as it can be after any number of rows."""
    total = sum(shares)
    drawn = [0] * len(shares)
    for row in range(1, 2**62):
        behind = [share / total * row - count for share, count in zip(shares, drawn, strict=True)]
        chosen = behind.index(max(behind))
        drawn[chosen] += 1
        yield chosen


class RowStream:
    """An endless, repeatable sequence of rows drawn from several sources by their shares.

    Each source is read in a new order every time it is exhausted. What row `n` holds depends on the seed and
    `n` alone, so a position is all that a checkpoint has to keep.
    """

    def __init__(self, sources: "Sequence[NDArray[np.uint16]]", shares: Sequence[float], seed: int) -> None:
        self._sources = sources
        self._seed = seed
        self._mix = mix_sources(shares)
        self._drawn = [0] * len(sources)
        self._orders: list[tuple[int, NDArray[np.int64]] | None] = [None] * len(sources)
        self.position = 0

    def skip(self, rows: int) -> None:
        """Move `rows` rows ahead without building them."""
        for _ in range(rows):
            self._drawn[next(self._mix)] += 1
        self.position += rows

    def take(self, rows: int) -> "NDArray[np.int64]":
        """The next rows, shape (rows, row_length)."""
        taken = []
        for _ in range(rows):
            source = next(self._mix)
            taken.append(self._row(source, self._drawn[source]))
            self._drawn[source] += 1
        self.position += rows
        return np.stack(taken).astype(np.int64)

    @property
    def epochs(self) -> list[float]:
        """How many times each source has been read."""
        return [count / len(rows) for count, rows in zip(self._drawn, self._sources, strict=True)]

    def _row(self, source: int, number: int) -> "NDArray[np.uint16]":
        rows = self._sources[source]
        epoch, place = divmod(number, len(rows))
        order = self._orders[source]
        if order is None or order[0] != epoch:
            order = (epoch, np.random.default_rng((self._seed, source, epoch)).permutation(len(rows)))
            self._orders[source] = order
        row: NDArray[np.uint16] = rows[order[1][place]]
        return row


def document_layout(tokens: "torch.Tensor", bos: int) -> "tuple[torch.Tensor, torch.Tensor]":
    """Positions that restart with each document, and the causal mask inside it.

    Args:
        tokens: ids, shape (rows, length).
        bos: the id that opens a document.

    Returns:
        Position ids, shape (rows, length); and a boolean mask, shape (rows, 1, length, length), true where
        the query (third axis) may read the key (fourth).
    """
    import torch

    length = tokens.shape[1]
    places = torch.arange(length).expand_as(tokens)
    starts = torch.where(tokens == bos, places, 0).cummax(dim=1).values
    same_document = starts[:, None, :, None] == starts[:, None, None, :]
    return places - starts, same_document & torch.ones(length, length, dtype=torch.bool).tril()


def next_token_targets(tokens: "torch.Tensor", bos: int) -> "torch.Tensor":
    """What each position predicts, shape (rows, length): the next token, or -100 where its piece ends."""
    import torch

    targets = torch.full_like(tokens, -100)
    targets[:, :-1] = tokens[:, 1:]
    return torch.where(targets == bos, -100, targets)
