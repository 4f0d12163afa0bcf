"""Probabilities of given continuations: what a model thinks of every label of a closed set.

Two ways give the same numbers. `plain_scores` reads prompt and continuation as one row each. `packed_scores`
reads a prompt once, with all continuations of all fields behind it as a prefix tree: a 4D attention mask lets
each token see the prompt and its own ancestors alone, and its position is its depth, so it cannot tell that
it has neighbours. Where the prompt has been read already, to generate, its keys and values are taken from
there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from luthier.inference.generation import base_model, device_of, last_logits
from luthier.inference.prompt_keys import PromptKeys
from luthier.inference.token_tree import ROOT, TokenTree

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class Question:
    """A prompt and the continuations whose probability is asked for.

    Attributes:
        prompt: Token ids, at least one.
        continuations: Token ids, at least one each.
        row: Of its prompt in a batch that has been read before.
    """

    prompt: Sequence[int]
    continuations: Sequence[Sequence[int]]
    row: int = 0

    @cached_property
    def tree(self) -> TokenTree:
        """The continuations, their shared beginnings held once."""
        tree = TokenTree()
        for ids in self.continuations:
            tree.add(ids)
        return tree

    @property
    def longest(self) -> int:
        """Tokens of the prompt and its longest continuation."""
        return len(self.prompt) + max(map(len, self.continuations))


TokenScores = list[list[list[float]]]
"""By question, continuation and token: ln p of the token, given all before it."""


def plain_scores(model: PreTrainedModel, questions: Sequence[Question], pad: int) -> TokenScores:
    """Scores every continuation as a row of its own: the reference, and what any causal model can do."""
    import torch

    rows = [[*q.prompt, *ids] for q in questions for ids in q.continuations]
    starts = [len(q.prompt) for q in questions for _ in q.continuations]
    width, keep_from = max(map(len, rows)), min(starts) - 1
    device = device_of(model)
    # Padding stands behind, where a causal model never looks, so that positions need no care.
    input_ids = torch.tensor([row + [pad] * (width - len(row)) for row in rows], device=device)
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=device)
    logits = last_logits(model, width - keep_from, input_ids=input_ids, attention_mask=mask)
    flat = []
    for row, start, values in zip(rows, starts, logits, strict=True):
        sources = torch.arange(start - 1, len(row) - 1, device=device) - keep_from
        flat.append(_log_probabilities(values, sources, row[start:]))
    scores = iter(flat)
    return [[next(scores) for _ in q.continuations] for q in questions]


def packed_scores(
    model: PreTrainedModel, questions: Sequence[Question], pad: int, keys: PromptKeys | None = None
) -> TokenScores:
    """Scores all continuations of a question in one row; the model must take a 4D mask and positions.

    Args:
        model: A causal language model.
        questions: In any number.
        pad: Id to pad with.
        keys: Of the prompts, so that only their last tokens are read; None reads them whole.
    """
    import torch

    trees = [question.tree for question in questions]
    width = max(len(question.prompt) for question in questions) if keys is None else keys.width
    device = device_of(model)
    skip, shared = (0, 0) if keys is None else (width - 1, keys.shared)
    packed = _packed_inputs(questions, width, pad, skip=skip, shared=shared)
    visible = torch.tensor(packed.visible, device=device)
    blocked = torch.zeros(visible.shape, dtype=_dtype_of(model), device=device)
    blocked.masked_fill_(~visible, torch.finfo(_dtype_of(model)).min)
    inputs: dict[str, Any] = {
        "input_ids": torch.tensor(packed.ids, device=device),
        "position_ids": torch.tensor(packed.positions, device=device),
        "attention_mask": blocked[:, None],
    }
    if keys is not None:
        inputs["past_key_values"] = keys.cache([question.row for question in questions])
    logits = last_logits(model, max(map(len, trees)) + 1, **inputs)
    scores = []
    for question, tree, values in zip(questions, trees, logits, strict=True):
        # The prompt's last token is the first position kept, so that node i stands at i + 1 and ROOT at 0.
        sources = torch.tensor(tree.parents, device=device) - ROOT
        nodes = _log_probabilities(values, sources, tree.tokens)
        scores.append([[nodes[node] for node in tree.add(ids)] for ids in question.continuations])
    return scores


@dataclass(frozen=True, slots=True)
class _Packed:
    ids: Any
    positions: Any
    visible: Any


def _packed_inputs(
    questions: Sequence[Question], prompt_width: int, pad: int, *, skip: int, shared: int
) -> _Packed:
    """Lays prompts (padded in front, or behind their first `shared` tokens) and trees (padded behind) out.

    The first `skip` columns have been read before: they are seen, but do not look themselves.
    """
    import numpy as np

    width = prompt_width + max(len(question.tree) for question in questions)
    ids = np.full((len(questions), width), pad, dtype=np.int64)
    positions = np.zeros_like(ids)
    # Every position sees itself, padding too: attention over nothing would be undefined.
    visible = np.repeat(np.eye(width, dtype=np.bool_)[None, skip:], len(questions), axis=0)
    for row, question in enumerate(questions):
        length, tree = len(question.prompt), question.tree
        begin, end = prompt_width - length, prompt_width + len(tree)
        prompt = [*range(shared), *range(begin + shared, prompt_width)]
        filled = [*prompt, *range(prompt_width, end)]
        ids[row, filled] = [*question.prompt, *tree.tokens]
        positions[row, filled] = [*range(length), *(length + depth for depth in tree.depths)]
        looking = [at - skip for at in prompt if at >= skip]
        visible[row][np.ix_(looking, prompt)] = np.tri(length, dtype=np.bool_)[length - len(looking) :]
        visible[row, prompt_width - skip : end - skip][:, prompt] = True
        for node, line in enumerate(tree.ancestors()):
            visible[row, prompt_width - skip + node, [prompt_width + at for at in line]] = True
    return _Packed(ids[:, skip:], positions[:, skip:], visible)


def _dtype_of(model: PreTrainedModel) -> torch.dtype:
    dtype: torch.dtype = base_model(model).dtype
    return dtype


def _log_probabilities(logits: torch.Tensor, sources: torch.Tensor, tokens: Sequence[int]) -> list[float]:
    """Returns log p of each token from the logits at its source position.

    Args:
        logits: Of one row, shape (positions, vocabulary).
        sources: Position that predicts each token, shape (tokens,).
        tokens: Token ids.
    """
    import torch

    values = logits[sources].float()
    chosen = values.gather(1, torch.tensor(tokens, device=logits.device)[:, None])[:, 0]
    result: list[float] = (chosen - values.logsumexp(dim=-1)).tolist()
    return result
