"""Asking a model on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from luthier.design import Sample, Segment
from luthier.design.chat import ChatRole
from luthier.errors import UserError
from luthier.generation.writing import Prompt, Reply, Sampling
from luthier.inference.sampling import sample
from luthier.models import chat_template, context_length, encode, stop_token_ids

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class LocalWriter:
    """A `TextWriter` over a loaded model.

    Args:
        model: A causal language model, or a PEFT wrapper of one.
        tokenizer: Its own.
        batch: Replies written at once.
        chat: Whether to ask through the tokenizer's chat template where it has one; else the model continues
            `Prompt.plain`.
        seed: Decides, with the first request's number, what is drawn.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        batch: int,
        chat: bool,
        seed: int,
    ) -> None:
        self.batch = batch
        self._model = model
        self._tokenizer = tokenizer
        self._template = chat_template(tokenizer) if chat else None
        self._seed = seed
        self._limit = context_length(model)

    def write(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[tuple[Prompt, Reply]]:
        """As `TextWriter.write`.

        Raises:
            UserError: Where a prompt leaves no room for a reply.
        """
        rows = [encode(self._laid_out(prompt), self._tokenizer).input_ids for prompt in prompts]
        longest = max(map(len, rows))
        room = sampling.reply_tokens if self._limit is None else self._limit - longest
        if room < 16:
            raise UserError(
                f"a request takes {longest} of the model's {self._limit} tokens: no room for a reply",
                "show fewer examples (generate.shown), or take a model that reads more",
            )
        drawn = sample(
            self._model,
            self._tokenizer,
            rows,
            stop=stop_token_ids(self._tokenizer),
            stop_texts=[prompts[0].stop] if self._template is None else [],
            max_new_tokens=min(room, sampling.reply_tokens),
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            seed=self._seed + prompts[0].number,
        )
        for prompt, item in zip(prompts, drawn, strict=True):
            yield prompt, Reply(item.text, item.ended, item.tokens, self._template is None)

    def _laid_out(self, prompt: Prompt) -> Sample:
        """The prompt as segments: a special token spelt out in an example is read as its characters."""
        name = f"request-{prompt.number}"
        if self._template is None:
            return Sample(name, (Segment(prompt.plain, "input"),))
        turns: list[tuple[ChatRole, str]] = [("system", prompt.system), ("user", prompt.user)]
        if not self._template.has_system():
            turns = [("user", f"{prompt.system}\n\n{prompt.user}")]
        first, *rest = self._template.cut([role for role, _ in turns], generate=True)
        segments = [Segment(first, "template")]
        for (_, said), behind in zip(turns, rest, strict=True):
            segments += [Segment(said, "input"), Segment(behind, "template")]
        return Sample(name, tuple(segment for segment in segments if segment.text))
