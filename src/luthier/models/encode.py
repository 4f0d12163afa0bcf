"""A sample's segments to token ids and labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from luthier.design.sample import Sample, Segment
from luthier.errors import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

UNSUPERVISED = -100
"""The label of a token that does not count in the loss, as in torch's cross-entropy."""

Truncate = Literal["error", "input"]

_DATA = ("input", "answer")
"""The roles whose text comes from records; a recipe's own instructions may hold special tokens on purpose."""


class TooLongError(UserError):
    """A sample that does not fit, although everything was cut that may be cut.

    Args:
        id: The sample's id.
        needed: Tokens of the shortest allowed form of the sample.
        max_length: Tokens that were allowed.
        truncate: What was allowed to be cut.
    """

    def __init__(self, id: str, needed: int, max_length: int, truncate: Truncate) -> None:
        cut = "" if truncate == "error" else " even with its whole input cut"
        super().__init__(
            f"sample {id} has {needed} tokens{cut}, {max_length} are allowed",
            f"set training.max_length to {needed} or more (as far as the model reads)"
            + (", or training.truncate: input to cut the input text" if truncate == "error" else ""),
        )
        self.id = id
        self.needed = needed


@dataclass(frozen=True, slots=True)
class Encoded:
    """A sample as the model reads it.

    Attributes:
        input_ids: Token ids.
        labels: The same ids where supervised, `UNSUPERVISED` elsewhere; not shifted.
        weight: The sample's weight in the loss.
        cut: Characters cut from the input segments.
    """

    input_ids: list[int]
    labels: list[int]
    weight: float
    cut: int

    @property
    def supervised(self) -> int:
        """Tokens that count in the loss; the first token has nothing before it and never counts."""
        return sum(label != UNSUPERVISED for label in self.labels[1:])


def encode(
    sample: Sample,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int | None = None,
    truncate: Truncate = "error",
) -> Encoded:
    """Tokenises a sample.

    Runs of segments of one side (prompt or answer) are tokenised together as one string, so the ids of a
    prompt without its answer are the first ids of the whole sample, always. BOS is put first if the
    tokenizer adds one by itself and the text does not begin with it. EOS comes from the sample, never from
    the tokenizer. A special token spelt out in an input or an answer is data: it is read as the characters
    it is made of, so no review can end its own turn.

    Args:
        sample: Text and what of it is supervised.
        tokenizer: Of the model that is to read it.
        max_length: Tokens allowed; None is no limit.
        truncate: What happens to a longer sample: `error`; or `input` cuts input segments from their ends,
            the longest first, never an instruction, the template, an answer or EOS.

    Raises:
        TooLongError: Where the sample does not fit.
    """
    return Encoder(tokenizer, max_length, truncate)(sample)


class Encoder:
    """`encode` for many samples: what is asked of the tokenizer is asked once."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, max_length: int | None = None, truncate: Truncate = "error"
    ) -> None:
        self.tokenizer = tokenizer
        self._max_length = max_length
        self._truncate = truncate
        self._bos = leading_bos(tokenizer)
        self._special = _special_pattern(tokenizer)

    def __call__(self, sample: Sample) -> Encoded:
        """Tokenises one sample; see `encode`."""
        whole = self._encode(sample.segments, sample.weight)
        if self._max_length is None or len(whole.input_ids) <= self._max_length:
            return whole
        if self._truncate == "error":
            raise TooLongError(sample.id, len(whole.input_ids), self._max_length, "error")
        return self._fit(sample, self._max_length)

    def _fit(self, sample: Sample, max_length: int) -> Encoded:
        """Binary search for the most characters that every input segment may keep."""
        best = self._capped(sample, 0)
        if len(best.input_ids) > max_length:
            raise TooLongError(sample.id, len(best.input_ids), max_length, "input")
        low, high = 0, max(len(s.text) for s in sample.segments if s.role == "input")
        while high - low > 1:
            middle = (low + high) // 2
            tried = self._capped(sample, middle)
            if len(tried.input_ids) <= max_length:
                low, best = middle, tried
            else:
                high = middle
        return best

    def _capped(self, sample: Sample, cap: int) -> Encoded:
        kept = [replace(s, text=s.text[:cap]) if s.role == "input" else s for s in sample.segments]
        cut = sum(len(old.text) - len(new.text) for old, new in zip(sample.segments, kept, strict=True))
        return replace(self._encode(kept, sample.weight), cut=cut)

    def _encode(self, segments: Sequence[Segment], weight: float) -> Encoded:
        ids: list[int] = []
        labels: list[int] = []
        for _, run in groupby(segments, key=lambda segment: segment.side):
            run_ids, run_labels = self._run(list(run))
            ids += run_ids
            labels += run_labels
        if self._bos is not None and ids[:1] != [self._bos]:
            ids, labels = [self._bos, *ids], [UNSUPERVISED, *labels]
        return Encoded(ids, labels, weight, 0)

    def _run(self, segments: list[Segment]) -> tuple[list[int], list[int]]:
        ids: list[int] = []
        labels: list[int] = []
        for literal, piece in groupby(segments, key=self._spells_special):
            piece_ids, piece_labels = self._piece(list(piece), literal=literal)
            ids += piece_ids
            labels += piece_labels
        return ids, labels

    def _spells_special(self, segment: Segment) -> bool:
        return (
            self._special is not None
            and segment.role in _DATA
            and self._special.search(segment.text) is not None
        )

    def _piece(self, segments: list[Segment], *, literal: bool) -> tuple[list[int], list[int]]:
        text = "".join(segment.text for segment in segments)
        kinds = {segment.supervised for segment in segments if segment.text}
        if len(kinds) <= 1:
            ids = token_ids(self.tokenizer, text, literal=literal)
            return ids, list(ids) if True in kinds else [UNSUPERVISED] * len(ids)
        encoded = self.tokenizer(
            text,
            add_special_tokens=False,
            return_offsets_mapping=True,
            verbose=False,
            **_splitting(literal),
        )
        ids = list(encoded["input_ids"])
        supervised = [flag for s in segments for flag in [s.supervised] * len(s.text)]
        starts = (start for start, _ in encoded["offset_mapping"])
        # A token that stands for no character of its own (a dummy space) is placed at or past the end.
        last = len(supervised) - 1
        labels = [
            id_ if supervised[min(at, last)] else UNSUPERVISED for id_, at in zip(ids, starts, strict=True)
        ]
        return ids, labels


def token_ids(tokenizer: PreTrainedTokenizerBase, text: str, *, literal: bool = False) -> list[int]:
    """Tokenises a text as it stands, without BOS or EOS of the tokenizer's own.

    Args:
        tokenizer: The model's.
        text: Any text.
        literal: Whether a special token spelt out in it is read as its characters.
    """
    if not text:
        return []
    return list(tokenizer(text, add_special_tokens=False, verbose=False, **_splitting(literal))["input_ids"])


def _splitting(literal: bool) -> dict[str, Any]:
    # Only where it is wanted: a tokenizer of a hub's own code may not know the argument.
    return {"split_special_tokens": True} if literal else {}


def _special_pattern(tokenizer: PreTrainedTokenizerBase) -> re.Pattern[str] | None:
    """What finds the tokenizer's special tokens in a text."""
    added = {str(token) for token in tokenizer.added_tokens_decoder.values() if token.special}
    spelt = sorted({*added, *tokenizer.all_special_tokens} - {""})
    return re.compile("|".join(map(re.escape, spelt))) if spelt else None


def leading_bos(tokenizer: PreTrainedTokenizerBase) -> int | None:
    """Returns the id of BOS if the tokenizer puts it before a text by itself, else None."""
    bos = tokenizer.bos_token_id
    return bos if bos is not None and tokenizer("a")["input_ids"][:1] == [bos] else None
