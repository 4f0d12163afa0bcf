"""How well a model follows instructions: answers written greedily, read strictly, counted by kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from luthier.models import Encoder, stop_token_ids
from luthier.training.pretraining.instruct.making import Instruction

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_BATCH = 16
_SPARE = 8
"""Tokens beyond the longest right answer, so that a wrong one can show that it does not end."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One instruction answered.

    Attributes:
        instruction: What was asked.
        text: What the model wrote.
        right: Whether it means exactly the right answer, and is written as the design asks.
        malformed: Whether it is not written as the design asks (a format error of strict reading).
    """

    instruction: Instruction
    text: str
    right: bool
    malformed: bool


def answer_all(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, instructions: Sequence[Instruction]
) -> list[Answered]:
    """Lets a model answer every instruction, the most probable token at a time, and reads the answers.

    Args:
        model: A causal language model; left in the mode that it is in.
        tokenizer: Its own.
        instructions: With their right answers.
    """
    encoder = Encoder(tokenizer)
    prompts = [encoder(item.writer.prompt(item.example)).input_ids for item in instructions]
    lengths = [len(encoder(item.sample).input_ids) for item in instructions]
    order = sorted(range(len(prompts)), key=lambda at: -len(prompts[at]))
    texts = [""] * len(prompts)
    with _greedy(model):
        for first in range(0, len(order), _BATCH):
            batch = order[first : first + _BATCH]
            room = max(lengths[at] - len(prompts[at]) for at in batch) + _SPARE
            written = _continue(model, tokenizer, [prompts[at] for at in batch], room)
            for at, ids in zip(batch, written, strict=True):
                texts[at] = tokenizer.decode(ids, skip_special_tokens=True)
    return [_read(item, text) for item, text in zip(instructions, texts, strict=True)]


def _read(item: Instruction, text: str) -> Answered:
    reading = item.writer.read(text, item.example)
    malformed = bool(reading.format_errors)
    right = not malformed and item.writer.target(reading, item.example) == item.example.target
    return Answered(item, text, right, malformed)


def _continue(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[list[int]], room: int
) -> list[list[int]]:
    """Token ids behind each prompt, at most `room` of them, without the one that ends the answer."""
    import torch
    from transformers import GenerationConfig

    stop, pad = stop_token_ids(tokenizer), int(tokenizer.pad_token_id)
    width = max(map(len, prompts))
    ids = torch.tensor([[pad] * (width - len(row)) + row for row in prompts], device=model.device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in prompts], device=model.device)
    config = GenerationConfig(do_sample=False, max_new_tokens=room, eos_token_id=stop, pad_token_id=pad)
    with torch.inference_mode():
        output = model.generate(input_ids=ids, attention_mask=mask, generation_config=config)
    written = output[:, width:].tolist()
    ends = [next((at for at, id_ in enumerate(row) if id_ in stop), len(row)) for row in written]
    return [row[:end] for row, end in zip(written, ends, strict=True)]


@contextmanager
def _greedy(model: PreTrainedModel) -> Iterator[None]:
    """Turns dropout off, and hides what the checkpoint itself would add to decoding (sampling, penalties)."""
    from transformers import GenerationConfig

    training, own = model.training, model.generation_config
    model.eval()
    model.generation_config = GenerationConfig()
    try:
        yield
    finally:
        model.generation_config = own
        model.train(training)
