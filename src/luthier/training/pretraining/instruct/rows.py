"""Instructions and replayed text as token rows, weighted so that each counts in the loss for its share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import TYPE_CHECKING

from luthier.design import Sample, Segment
from luthier.models import encode_all
from luthier.text import Language
from luthier.training.pretraining.instruct.making import Instruction
from luthier.training.pretraining.instruct.material import Document, Material

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase

_CHARACTERS_A_TOKEN = 8
"""More than any tokenizer puts into a token on average, so that a cut of tokens falls inside the text."""


def training_rows(
    instructions: Sequence[Instruction],
    material: Material,
    tokenizer: PreTrainedTokenizerBase,
    *,
    replay: float,
    seed: int,
) -> tuple[Dataset, int]:
    """Encodes instructions, and as much plain text that they make up `1 - replay` of the tokens.

    A replayed row is as long as some instruction, so that both meet in a batch and not in turns. Its weight
    gives all replayed text the share of the loss that it has of the tokens; by its tokens alone it would have
    nearly all, because every one of them counts and of an instruction only the answer's do.

    Returns:
        The rows, and how many tokens of them are replayed text.
    """
    from datasets import concatenate_datasets

    rows, report = encode_all((item.sample for item in instructions), tokenizer)
    if not replay:
        return rows, 0
    wanted = report.tokens * replay / (1 - replay)
    counted = sum(weight * tokens for weight, tokens in zip(rows["weight"], rows["supervised"], strict=True))
    weight = counted * replay / (1 - replay) / wanted
    texts = replayed_samples(
        material, tokenizer, list(rows["length"]), wanted, weight, Random(f"{seed}/replay")
    )
    replayed, extra = encode_all(texts, tokenizer)
    return concatenate_datasets([rows, replayed]), extra.tokens


def replayed_samples(
    material: Material,
    tokenizer: PreTrainedTokenizerBase,
    lengths: Sequence[int],
    tokens: float,
    weight: float,
    random: Random,
) -> Iterator[Sample]:
    """Yields plain text, the languages in equal parts, until `tokens` tokens are reached.

    Args:
        material: The documents.
        tokenizer: That counts the tokens.
        lengths: Tokens that a row may have; one is drawn for each.
        tokens: Tokens wanted in all.
        weight: Weight of every row in the loss.
        random: Draws documents, places and lengths.
    """
    drawn: dict[Language, float] = dict.fromkeys(material.languages, 0.0)
    number = 0
    while drawn and sum(drawn.values()) < tokens:
        language = min(drawn, key=drawn.__getitem__)
        document = material.document(language, random)
        assert document is not None
        text, count = _piece(document, tokenizer, random.choice(lengths) - 1, random)
        # A document without a word must not keep this loop going.
        drawn[language] += max(count, 1)
        if text.strip():
            number += 1
            yield Sample(f"text-{number}", (Segment(text, "answer", True),), weight)


def _piece(
    document: Document, tokenizer: PreTrainedTokenizerBase, length: int, random: Random
) -> tuple[str, int]:
    """Text from the beginning of a line on, at most `length` tokens of it, and how many these are."""
    text = document.text
    starts = [0, *(place + 1 for place, character in enumerate(text) if character == "\n")]
    start = random.choice(starts)
    text = text[start : start + length * _CHARACTERS_A_TOKEN]
    ends = [
        end
        for _, end in tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, split_special_tokens=True
        )["offset_mapping"]
    ]
    return (text, len(ends)) if len(ends) <= length else (text[: ends[length - 1]], length)
