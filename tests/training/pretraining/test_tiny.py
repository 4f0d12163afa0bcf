"""The model that ships: what the recipe's user finds in the package."""

import math
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import luthier

FOLDER = Path(luthier.__file__).parent / "models" / "embedded" / "tiny"
TEXTS = {
    "en": "The food was good, but we had to wait a long time for it. The waiter said he was very sorry.",
    "zh": "这家餐厅位于城市的中心，交通方便，菜的味道很好，但是价格比较高。服务员说他们每天晚上九点关门。",
}


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(FOLDER, local_files_only=True)


@pytest.fixture(scope="module")
def model():
    return AutoModelForCausalLM.from_pretrained(FOLDER, local_files_only=True, dtype=torch.float32)


def test_it_stays_small_enough_for_the_package():
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) <= 24e6


def test_a_chinese_character_costs_at_most_about_a_token(tokenizer):
    assert len(tokenizer(TEXTS["zh"], add_special_tokens=False)["input_ids"]) <= len(TEXTS["zh"])


@pytest.mark.parametrize(
    "text", ["", " \t\r\n\x00", "e\u0301 é ﬁ ▁ 〇 🤗 龘 <0x41> <|end|>", *TEXTS.values()]
)
def test_text_comes_back(tokenizer, text):
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text


@pytest.mark.parametrize("language", TEXTS)
def test_it_is_trained(model, tokenizer, language):
    """Random weights, or another model's tokenizer, spend log2(vocabulary) bits a token or more."""
    ids = tokenizer(TEXTS[language], return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        nats = model(input_ids=ids, labels=ids).loss.item()
    assert nats / math.log(2) < math.log2(len(tokenizer)) - 4
