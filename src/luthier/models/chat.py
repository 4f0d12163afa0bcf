"""The tokenizer's chat template, small enough for the design room, and where an answer ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from luthier.design.chat import ChatTemplate

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_USER, _ASSISTANT = "luthierquestion", "luthieranswer"


def chat_template(tokenizer: PreTrainedTokenizerBase) -> ChatTemplate | None:
    """Returns how this model writes a dialogue, None where its tokenizer has no chat template.

    `end` is the first special token that the template writes after an assistant's message (`<|im_end|>`,
    `<|eot_id|>`), which need not be the tokenizer's EOS; EOS where the template writes none.
    """
    if not getattr(tokenizer, "chat_template", None):
        return None

    def render(messages: list[dict[str, str]], add_generation_prompt: bool) -> str:
        return _render(tokenizer, messages, add_generation_prompt)

    return ChatTemplate(render=render, end=_turn_end(tokenizer) or str(tokenizer.eos_token))


def stop_token_ids(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Returns the ids at which generation stops: EOS and the chat template's end of turn."""
    ids = [tokenizer.eos_token_id]
    end = _turn_end(tokenizer) if getattr(tokenizer, "chat_template", None) else None
    if end is not None:
        ids.append(tokenizer.convert_tokens_to_ids(end))
    return sorted(set(ids))


def _render(tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, str]], generation: bool) -> str:
    return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=generation))


def _turn_end(tokenizer: PreTrainedTokenizerBase) -> str | None:
    dialogue = [{"role": "user", "content": _USER}, {"role": "assistant", "content": _ASSISTANT}]
    tail = _render(tokenizer, dialogue, False).rpartition(_ASSISTANT)[2]
    special = [str(token.content) for token in tokenizer.added_tokens_decoder.values()]
    places = {tail.find(token): token for token in sorted(special, key=len) if token in tail}
    return places[min(places)] if places else None
