"""`LabelScorer`: exact probabilities of every label of a closed field."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from luthier.design import Candidates
from luthier.inference.generation import ready
from luthier.inference.scoring import (
    Question,
    TokenScores,
    is_prompt_learning,
    packed_scores,
    plain_scores,
)
from luthier.inference.token_tree import TokenTree, shared_length
from luthier.models.encode import token_ids

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_NUMBERS = 64_000_000
"""Logits, or attention mask entries, held at once on a GPU; an eighth of it on a CPU."""

_AGREEMENT = {4: 1e-3, 2: 0.1}
"""How far the two ways of scoring may differ in a log probability, by the bytes of a weight."""


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
    that, which is found out by trying: the first question is also scored the plain way, and a model that
    gives other numbers (ALiBi positions, a sliding window, trained prefixes) is scored the plain way for
    good.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
        self._packs: bool | None = False if is_prompt_learning(model) else None

    def score(
        self, prompts: Sequence[Sequence[int]], candidates: Sequence[Mapping[str, Candidates]]
    ) -> list[dict[str, dict[str, float]]]:
        """Scores the fields of several examples.

        Args:
            prompts: Token ids of each example's prompt.
            candidates: For each example, field name to its options.

        Returns:
            For each example, field name to label to probability, summing to 1 per field.
        """
        options = [{name: self._options(item) for name, item in fields.items()} for fields in candidates]
        questions = [
            Question(prompt, [ids for item in fields.values() for ids in item.continuations])
            for prompt, fields in zip(prompts, options, strict=True)
        ]
        asked = [question for question in questions if question.continuations]
        with ready(self._model):
            scores = iter(self._score(asked))
        return [_distributions(fields, next(scores)) if fields else {} for fields in options]

    def _options(self, candidates: Candidates) -> _Options:
        texts = [candidates.prefix + option for option in candidates.options.values()]
        rows = [token_ids(self._tokenizer, text) for text in texts]
        return _Options(tuple(candidates.options), tuple(map(tuple, rows)), shared_length(rows))

    def _score(self, questions: list[Question]) -> TokenScores:
        if not questions:
            return []
        if self._packs is None:
            self._packs = self._try_packing(questions[0])
        way = packed_scores if self._packs else plain_scores
        return [scores for batch in self._batches(questions) for scores in way(self._model, batch, self._pad)]

    def _try_packing(self, question: Question) -> bool:
        """Scores one question both ways; a model that refuses the mask or says otherwise cannot be packed."""
        plain = plain_scores(self._model, [question], self._pad)
        try:
            packed = packed_scores(self._model, [question], self._pad)
        except (RuntimeError, TypeError, ValueError, IndexError, AttributeError):
            return False
        tolerance = _AGREEMENT.get(next(self._model.parameters()).element_size(), 0.1)
        return all(
            math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)
            for line, others in zip(plain[0], packed[0], strict=True)
            for one, other in zip(line, others, strict=True)
        )

    def _batches(self, questions: list[Question]) -> Iterator[list[Question]]:
        """Cuts questions, in their order, into batches of bounded memory."""
        config = self._model.config.get_text_config()
        limit = _NUMBERS if next(self._model.parameters()).is_cuda else _NUMBERS // 8
        batch: list[Question] = []
        largest = 0
        for question in questions:
            largest_now = max(largest, self._numbers(question, config.vocab_size))
            if batch and largest_now * (len(batch) + 1) > limit:
                yield batch
                batch, largest_now = [], self._numbers(question, config.vocab_size)
            batch.append(question)
            largest = largest_now
        yield batch

    def _numbers(self, question: Question, vocabulary: int) -> int:
        tokens = sum(map(len, question.continuations))
        if not self._packs:
            return tokens * vocabulary
        tree = TokenTree()
        for ids in question.continuations:
            tree.add(ids)
        return max((len(tree) + 1) * vocabulary, (len(question.prompt) + len(tree)) ** 2)


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
