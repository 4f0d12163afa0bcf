from __future__ import annotations

import copy

import pytest
from tests.models import tiny

from luthier.models import chat_template, stop_token_ids


def test_the_end_of_turn_need_not_be_eos_and_generation_stops_at_both() -> None:
    tokenizer = tiny.byte_level()
    template = chat_template(tokenizer)
    assert template is not None
    assert template.end == "<|im_end|>"
    assert stop_token_ids(tokenizer) == [0, tokenizer.convert_tokens_to_ids("<|im_end|>")]
    assert template.render([{"role": "user", "content": "Hi"}], True) == (
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )


def test_no_template_is_none() -> None:
    assert chat_template(tiny.metaspace()) is None
    assert stop_token_ids(tiny.metaspace()) == [tiny.metaspace().eos_token_id]


@pytest.mark.parametrize(
    ("after", "end"),
    [("<|im_end|><|endoftext|>", "<|im_end|>"), (" <|endoftext|>", "<|endoftext|>"), ("\n", "<|endoftext|>")],
)
def test_the_first_special_token_behind_an_assistants_message_ends_it(after: str, end: str) -> None:
    tokenizer = copy.copy(tiny.byte_level())
    tokenizer.chat_template = "{% for m in messages %}{{ m.content }}" + after + "{% endfor %}"
    template = chat_template(tokenizer)
    assert template is not None
    assert template.end == end
