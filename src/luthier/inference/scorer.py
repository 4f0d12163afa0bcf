"""`LabelScorer`: exact probabilities of every label of a closed field."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from luthier.design import Candidates
from luthier.inference.agreement import noted_precision
from luthier.inference.generation import is_prompt_learning, ready
from luthier.inference.prompt_keys import PromptKeys
from luthier.inference.scoring import (
    Question,
    TokenScores,
    packed_scores,
    plain_scores,
)
from luthier.inference.token_tree import shared_length
from luthier.models.context import attention_span
from luthier.models.encode import token_ids

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_NUMBERS = 64_000_000
"""Logits, or attention mask entries, held at once on a GPU; an eighth of it on a CPU."""


@dataclass(frozen=True, slots=True)
class _Options:
    """A field's options as tokens that continue the prompt; the first `shared` are the same for all."""

    labels: tuple[str, ...]
    continuations: tuple[tuple[int, ...], ...]
    shared: int


class LabelScorer:
    """Scores the options of closed fields.

    The options of a field are compared by the probability of their tokens after those that all of them share,
    and normalised over the field. An option is tokenised as it is in training: together with all of the
    answer before it, never by itself, so that a token that straddles the boundary (a space and a word) is the
    model's own.

    All options of all fields of an example are scored in one pass behind its prompt where the model allows
    that, which is found out by trying: the longest question, and later any longer one, is also scored the
    plain way, and a model that gives other numbers (ALiBi positions) is scored the plain way for good. So
    are trained prefixes and, as a 4D mask takes the place of a sliding window, all questions longer than it.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
        self._packs = not is_prompt_learning(model)
        self._span = attention_span(model)
        self._tried = 0

    def score(
        self,
        prompts: Sequence[Sequence[int]],
        candidates: Sequence[Mapping[str, Candidates]],
        keys: PromptKeys | None = None,
    ) -> list[dict[str, dict[str, float]]]:
        """Scores the fields of several examples.

        Args:
            prompts: Token ids of each example's prompt.
            candidates: For each example, field name to its options.
            keys: Of these prompts, where they have been read before; None reads them.

        Returns:
            For each example, field name to label to probability, summing to 1 per field.
        """
        options = [{name: self._options(item) for name, item in fields.items()} for fields in candidates]
        questions = [
            Question(prompt, [ids for item in fields.values() for ids in item.continuations], row)
            for row, (prompt, fields) in enumerate(zip(prompts, options, strict=True))
        ]
        asked = [question for question in questions if question.continuations]
        with ready(self._model):
            scores = iter(self._score(asked, keys))
        return [_distributions(fields, next(scores)) if fields else {} for fields in options]

    def _options(self, candidates: Candidates) -> _Options:
        texts = [candidates.prefix + option for option in candidates.options.values()]
        rows = [token_ids(self._tokenizer, text) for text in texts]
        return _Options(tuple(candidates.options), tuple(map(tuple, rows)), shared_length(rows))

    def _score(self, questions: list[Question], keys: PromptKeys | None) -> TokenScores:
        fitting = [q for q in questions if self._span is None or q.longest <= self._span]
        longest = max(fitting, key=lambda question: question.longest, default=None)
        if self._packs and longest is not None and longest.longest > self._tried:
            self._packs, self._tried = self._try_packing(_few_of(longest), keys), longest.longest
        packed = {id(question) for question in fitting} if self._packs else set()
        scores: TokenScores = []
        for packs, run in groupby(questions, key=lambda question: id(question) in packed):
            for batch in self._batches(list(run), packs=packs, read=keys is not None):
                if packs:
                    scores += packed_scores(self._model, batch, self._pad, keys)
                else:
                    scores += plain_scores(self._model, batch, self._pad)
        return scores

    def _try_packing(self, question: Question, keys: PromptKeys | None) -> bool:
        """Scores one question both ways; a model that refuses the mask or says otherwise cannot be packed."""
        with noted_precision(self._model) as agree:
            plain = plain_scores(self._model, [question], self._pad)
        try:
            packed = packed_scores(self._model, [question], self._pad, keys)
        except (RuntimeError, TypeError, ValueError, IndexError, AttributeError):
            return False
        return all(
            agree(one, other)
            for line, others in zip(plain[0], packed[0], strict=True)
            for one, other in zip(line, others, strict=True)
        )

    def _batches(self, questions: list[Question], *, packs: bool, read: bool) -> Iterator[list[Question]]:
        """Cuts questions, in their order, into batches of bounded memory."""
        vocabulary = self._model.config.get_text_config().vocab_size
        limit = _NUMBERS if next(self._model.parameters()).is_cuda else _NUMBERS // 8
        batch: list[Question] = []
        for question in questions:
            more = [*batch, question]
            numbers = _packed_numbers(more, vocabulary, read) if packs else _plain_numbers(more, vocabulary)
            if batch and numbers > limit:
                yield batch
                batch = []
            batch.append(question)
        yield batch


def _few_of(question: Question) -> Question:
    """A question of as many tokens with four continuations at most: read singly, each repeats the prompt."""
    found = question.continuations
    few = [*found[:2], *found[-1:], max(found, key=len)]
    return replace(question, continuations=few if len(found) > len(few) else found)


def _plain_numbers(batch: Sequence[Question], vocabulary: int) -> int:
    """Logits of a batch; rows are kept from the end of the shortest prompt on."""
    rows = sum(len(question.continuations) for question in batch)
    width = max(question.longest for question in batch) - min(len(question.prompt) for question in batch)
    return rows * (width + 1) * vocabulary


def _packed_numbers(batch: Sequence[Question], vocabulary: int, read: bool) -> int:
    """Logits of a batch, or entries of its mask; it has no rows for prompts that have been read."""
    tree = max(len(question.tree) for question in batch)
    prompt = max(len(question.prompt) for question in batch)
    rows = tree + 1 if read else tree + prompt
    return len(batch) * max((tree + 1) * vocabulary, rows * (prompt + tree))


def _distributions(
    fields: Mapping[str, _Options], scores: Sequence[Sequence[float]]
) -> dict[str, dict[str, float]]:
    result = {}
    lines = iter(scores)
    for name, item in fields.items():
        totals = [sum(next(lines)[item.shared :]) for _ in item.continuations]
        top = max(totals)
        weights = [math.exp(total - top) for total in totals]
        result[name] = {
            label: weight / sum(weights) for label, weight in zip(item.labels, weights, strict=True)
        }
    return result
