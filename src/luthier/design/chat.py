"""Chat templates: a rendered dialogue cut into the template's own text and places for contents.

The template is rendered with sentinels for contents and cut at them, once for every sequence of roles.
Contents go in afterwards, so that no text of a user is ever searched for, altered or mistaken for a part
of the template.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from luthier.errors import UserError

Message = dict[str, str]
ChatRole = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class ChatTemplate:
    """A tokenizer's chat template, without the tokenizer.

    Attributes:
        render: Messages (`role`, `content`) and whether to add the generation prompt, to text:
            `tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=...)`.
        end: The end-of-turn text that the model is to produce (`<|im_end|>`).
    """

    render: Callable[[list[Message], bool], str]
    end: str

    def has_system(self) -> bool:
        """Tells whether the template takes a system turn. One that refuses or drops it does not."""
        try:
            self.cut(("system", "user"), generate=True)
        except UserError:
            return False
        return True

    def cut(self, roles: Sequence[ChatRole], *, generate: bool) -> list[str]:
        """Returns the template's text before, between and behind the contents: one part more than `roles`.

        Raises:
            UserError: Where the template refuses the roles, or repeats, drops or reorders contents.
        """
        nonce = secrets.token_hex(8)
        sentinels = [f"Sentinel{nonce}x{index}x" for index in range(len(roles))]
        messages = [{"role": role, "content": mark} for role, mark in zip(roles, sentinels, strict=True)]
        try:
            text = self.render(messages, generate)
        except Exception as error:  # Jinja templates raise whatever they like
            raise UserError(
                f"the model's chat template refuses the turns {', '.join(roles)}: {error}", _ADVICE
            ) from error
        parts = []
        for mark in sentinels:
            if text.count(mark) != 1:
                raise UserError(
                    "the model's chat template drops, repeats or reorders what a turn says", _ADVICE
                )
            before, text = text.split(mark)
            parts.append(before)
        return [*parts, text]


_ADVICE = "set `design.chat: plain`, or use a model with an ordinary chat template"
