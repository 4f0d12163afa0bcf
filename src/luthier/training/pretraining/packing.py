"""Documents packed into full rows, and the mask that keeps attention inside each document.

A source's documents are laid end to end and the stream is cut every `row_length` tokens, so nothing is
padding; a document that crosses a cut goes on in the next row as a piece of its own. Inside a row every
piece starts at position 0 and sees itself alone, so its logits are those it would have in a batch by itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from luthier.training.head_loss import IGNORED

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

_BATCH = 512
_PLAIN: dict[str, Any] = {"add_special_tokens": False, "split_special_tokens": True, "verbose": False}
"""A document that happens to spell a special token must not end itself."""
_SEPARATOR = "<|endoftext|>"


@dataclass(frozen=True)
class Marks:
    """The tokens around a document. One token does for both where a tokenizer puts no BOS of its own."""

    opens: int
    """First token of every document: it is read, and predicted only where it also closes the one before."""

    closes: int
    """Token that ends a document, which its last token predicts."""

    @property
    def shared(self) -> bool:
        """Whether what closes a document opens the next."""
        return self.opens == self.closes


@dataclass(frozen=True)
class MeasuredRows:
    """Rows to measure on, with the UTF-8 bytes of text that each token stands for."""

    tokens: "NDArray[Any]"
    """Token ids, shape (rows, row_length)."""

    sizes: "NDArray[np.int32]"
    """Bytes, of the same shape: 0 for a mark, -1 for the padding behind the last document."""

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.tokens)


def document_marks(tokenizer: "PreTrainedTokenizerBase") -> Marks:
    """What opens and closes a document for this tokenizer.

    BOS and EOS where the tokenizer puts a BOS of its own before a text; else one separator, as the models of
    such tokenizers were pretrained: `<|endoftext|>` where it is in the vocabulary (GPT-2, Qwen, whose chat
    models have another EOS), or EOS.
    """
    begins = tokenizer("a")["input_ids"][:1]
    if tokenizer.bos_token_id != tokenizer.eos_token_id and begins == [tokenizer.bos_token_id]:
        return Marks(tokenizer.bos_token_id, tokenizer.eos_token_id)
    separator = tokenizer.get_vocab().get(_SEPARATOR, tokenizer.eos_token_id)
    return Marks(separator, separator)


def pack_documents(
    documents: Sequence[str], tokenizer: "PreTrainedTokenizerBase", row_length: int
) -> "NDArray[Any]":
    """Tokenise documents, each between its marks, into full rows; what is left over is dropped.

    Returns:
        Token ids, shape (rows, row_length), in the smallest unsigned type that holds the vocabulary.
    """
    # Not the vocabulary's size: some tokenizers skip ids.
    kind = np.uint16 if max(tokenizer.get_vocab().values()) <= np.iinfo(np.uint16).max else np.uint32
    parts = [np.array(ids, dtype=kind) for ids in _marked(documents, tokenizer)]
    stream = np.concatenate(parts) if parts else np.zeros(0, dtype=kind)
    rows = len(stream) // row_length
    return stream[: rows * row_length].reshape(rows, row_length)


def pack_measured(
    documents: Sequence[str], tokenizer: "PreTrainedTokenizerBase", row_length: int
) -> MeasuredRows:
    """Pack documents as `pack_documents` does, the last row filled up, with the bytes that tokens stand for.

    The bytes are counted in the text itself, not in the tokens' names: normalising tokenizers change these,
    byte-level ones write them in an alphabet of their own, and SentencePiece adds a space that no text has.
    """
    marks = document_marks(tokenizer)
    ids: list[int] = []
    sizes: list[int] = []
    for text in documents:
        body, ends = _ids_and_ends(text, tokenizer)
        closing = [] if marks.shared else [marks.closes]
        ids += [marks.opens, *body, *closing]
        sizes += [0, *token_bytes(ends, text), *(0 for _ in closing)]
    if documents and marks.shared:
        ids, sizes = [*ids, marks.closes], [*sizes, 0]
    padding = -len(ids) % row_length
    tokens = np.array(ids + [marks.opens] * padding, dtype=np.int64).reshape(-1, row_length)
    return MeasuredRows(tokens, np.array(sizes + [-1] * padding, dtype=np.int32).reshape(-1, row_length))


def token_bytes(ends: Sequence[int], text: str) -> list[int]:
    """UTF-8 bytes of text that each token stands for; they sum to those of the text.

    A token has what lies between the end of the token before it and its own end. Of several tokens that
    spell one character, the first has its bytes.

    Args:
        ends: where each token ends in the text, in characters.
        text: what was tokenised.
    """
    sizes, done = [], 0
    for number, end in enumerate(ends):
        reached = len(text) if number == len(ends) - 1 else max(done, end)
        sizes.append(len(text[done:reached].encode()))
        done = reached
    return sizes


def document_layout(tokens: "torch.Tensor", opens: int) -> "tuple[torch.Tensor, torch.Tensor]":
    """Positions that restart with each document, and the causal mask inside it.

    Args:
        tokens: ids, shape (rows, length).
        opens: the id that opens a document.

    Returns:
        Position ids, shape (rows, length); and a boolean mask, shape (rows, 1, length, length), true where
        the query (third axis) may read the key (fourth).
    """
    import torch

    length = tokens.shape[1]
    places = torch.arange(length, device=tokens.device).expand_as(tokens)
    starts = torch.where(tokens == opens, places, 0).cummax(dim=1).values
    same_document = starts[:, None, :, None] == starts[:, None, None, :]
    causal = torch.ones(length, length, dtype=torch.bool, device=tokens.device).tril()
    return places - starts, same_document & causal


def next_token_targets(tokens: "torch.Tensor", marks: Marks) -> "torch.Tensor":
    """What each position predicts, shape (rows, length): the next token, or -100 where its piece ends."""
    import torch

    targets = torch.full_like(tokens, IGNORED)
    targets[:, :-1] = tokens[:, 1:]
    return targets if marks.shared else torch.where(targets == marks.opens, IGNORED, targets)


def _marked(documents: Sequence[str], tokenizer: "PreTrainedTokenizerBase") -> Iterator[list[int]]:
    """Yield each document's ids with its marks; a closing mark that also opens stands before the next."""
    marks = document_marks(tokenizer)
    closing = [] if marks.shared else [marks.closes]
    for first in range(0, len(documents), _BATCH):
        encoded = tokenizer(list(documents[first : first + _BATCH]), **_PLAIN)
        for ids in encoded["input_ids"]:
            yield [marks.opens, *ids, *closing]


def _ids_and_ends(text: str, tokenizer: "PreTrainedTokenizerBase") -> tuple[list[int], list[int]]:
    """A text's ids, and where in it each of them ends.

    Tokenizers written in Python do not tell; their tokens are taken to be of one length.
    """
    encoded = tokenizer(text, return_offsets_mapping=tokenizer.is_fast, **_PLAIN)
    ids: list[int] = encoded["input_ids"]
    if tokenizer.is_fast:
        return ids, [end for _, end in encoded["offset_mapping"]]
    return ids, [len(text) * number // len(ids) for number in range(1, len(ids) + 1)]
