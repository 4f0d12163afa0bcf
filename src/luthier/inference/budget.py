"""How many tokens an answer may need, and how many prompts fit in a batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from luthier.design import SampleWriter
from luthier.design.sample import Sample
from luthier.inference.generation import device_of
from luthier.models.encode import UNSUPERVISED, Encoder, token_ids
from luthier.tasks.answer import Answer, Field
from luthier.tasks.base import Task
from luthier.tasks.example import Example

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

OPEN_TOKENS = 256
"""Longest answer, in tokens, where neither the label space nor training data tell."""

_SPARE = 8
"""Tokens beyond the longest answer, so that one in other words is not cut."""

_CACHE_BYTES = 1 << 30
"""Keys and values held at once on a CPU; on a GPU a third of its free memory."""


def answer_tokens(
    writer: SampleWriter, tokenizer: PreTrainedTokenizerBase, task: Task, examples: Iterable[Example] = ()
) -> int:
    """Returns how many new tokens an answer may need, the end included.

    The longest of what the label space allows (closed fields without reasons) and of the answers of
    `examples`, plus a quarter and a few more; `OPEN_TOKENS` where there is neither.

    Args:
        writer: That writes the answers.
        tokenizer: That counts them.
        task: Whose label space is looked at.
        examples: Labelled, as those of the training set; needed for open tasks and reasoning designs.
    """
    encoder = Encoder(tokenizer)
    longest = max((_answer_length(writer.sample(item), encoder) for item in examples), default=0)
    if _is_closed(writer, task):
        longest = max(longest, _longest_closed(writer, encoder, task))
    return longest + longest // 4 + _SPARE if longest else OPEN_TOKENS


def fitting_rows(model: PreTrainedModel, tokens: int) -> int:
    """Returns how many rows of so many tokens, prompt and answer, fit beside the model."""
    import torch

    config = model.config.get_text_config()
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    weight = next(model.parameters())
    row = 2 * config.num_hidden_layers * heads * head * weight.element_size() * tokens
    device = device_of(model)
    room = torch.cuda.mem_get_info(device)[0] // 3 if device.type == "cuda" else _CACHE_BYTES
    return int(min(256 if device.type == "cuda" else 32, max(1, room // row)))


def _is_closed(writer: SampleWriter, task: Task) -> bool:
    kinds = {field.kind for field in task.schema().fields}
    return kinds <= {"label", "labels"} and writer.design.reasoning == "none"


def _longest_closed(writer: SampleWriter, encoder: Encoder, task: Task) -> int:
    probe = Example("probe", "x", text_pair="x")
    answer: Answer = {field.name: _longest_value(field, encoder.tokenizer) for field in task.schema().fields}
    filled = writer.sample(replace(probe, target=task.target(answer, probe)))
    empty: Answer = {field.name: () for field in task.schema().fields if field.unmentioned is not None}
    if len(empty) < len(task.schema().fields):
        return _answer_length(filled, encoder)
    # A placeholder may be longer than every label.
    unsaid = writer.sample(replace(probe, target=task.target(empty, probe)))
    return max(_answer_length(filled, encoder), _answer_length(unsaid, encoder))


def _longest_value(field: Field, tokenizer: PreTrainedTokenizerBase) -> tuple[str, ...]:
    if field.kind == "labels":
        return field.labels
    return (max(field.labels, key=lambda label: len(token_ids(tokenizer, label, literal=True))),)


def _answer_length(sample: Sample, encoder: Encoder) -> int:
    written = tuple(segment for segment in sample.segments if segment.side == "answer")
    return sum(label != UNSUPERVISED for label in encoder(replace(sample, segments=written)).labels)
