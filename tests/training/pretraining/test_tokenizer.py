import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from luthier.training.pretraining.tokenizer import (
    SPECIAL_TOKENS,
    common_chinese_characters,
    train_tokenizer,
)

WORDS = random.Random(0)
TEXTS = ["The soup was cold, and the tea was cold too. 2024", "这家餐厅的服务很好，味道也很好。"] * 20
TEXTS += [" ".join("".join(WORDS.choices("abcdefgh", k=5)) for _ in range(400))] * 2


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(TEXTS, size=700, alphabet=200)


@settings(max_examples=300, deadline=None)
@given(text=st.text())
@example("")
@example("a  b\t\r\n\x00 \ufeff e\u0301 é ﬁ ▁ 〇 🤗👩‍👩‍👧 龘 <0x41> \ue000\U0010ffff")
@example("<|end|> <|user|>\n x<|bos|>")
def test_every_text_comes_back(tokenizer, text):
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert tokenizer.decode(ids) == text


@given(data=st.binary(max_size=40))
@settings(max_examples=100, deadline=None)
def test_every_byte_has_a_token(tokenizer, data):
    text = "".join(chr(0x10000 + value) for value in data)  # planes no merge was learned on
    tokens = tokenizer.convert_ids_to_tokens(tokenizer(text, add_special_tokens=False)["input_ids"])
    assert tokens == [f"<0x{byte:02X}>" for byte in text.encode()]


def test_bos_is_added_on_request_and_the_end_never(tokenizer):
    ids = tokenizer("soup")["input_ids"]
    assert ids[0] == tokenizer.bos_token_id
    assert ids[1:] == tokenizer("soup", add_special_tokens=False)["input_ids"]
    assert tokenizer.eos_token_id not in ids


def test_special_tokens(tokenizer):
    assert tokenizer.convert_ids_to_tokens(range(6)) == list(SPECIAL_TOKENS)
    assert (tokenizer.pad_token, tokenizer.bos_token, tokenizer.eos_token) == (
        "<|pad|>",
        "<|bos|>",
        "<|end|>",
    )
    assert len(tokenizer) == 700


def test_digits_stand_apart(tokenizer):
    assert tokenizer.tokenize("2024") == ["2", "0", "2", "4"]


def test_no_merge_joins_chinese_to_another_script(tokenizer):
    for token in tokenizer.get_vocab():
        han = sum("\u4e00" <= character <= "\u9fff" for character in token)
        assert han in (0, len(token))


def test_chat_template_leaves_the_content_alone(tokenizer):
    messages = [
        {"role": "system", "content": " s "},
        {"role": "user", "content": "u\n"},
        {"role": "assistant", "content": "a"},
    ]
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    assert text == "<|bos|><|system|>\n s <|end|>\n<|user|>\nu\n<|end|>\n<|assistant|>\na<|end|>\n"
    prompt = tokenizer.apply_chat_template(messages[:2], tokenize=False, add_generation_prompt=True)
    assert prompt == "<|bos|><|system|>\n s <|end|>\n<|user|>\nu\n<|end|>\n<|assistant|>\n"


def test_common_characters_are_gb2312_level_1():
    # GB 2312-80: level 1 has 3,755 characters in order of pinyin, from 啊 to 座.
    characters = common_chinese_characters()
    assert (len(characters), characters[0], characters[-1]) == (3755, "啊", "座")
