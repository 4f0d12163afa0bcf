import copy

import numpy as np
import pytest
import torch
from tests.models import tiny
from tokenizers import normalizers
from transformers import ByT5Tokenizer

from luthier.training.pretraining.packing import (
    Marks,
    document_layout,
    document_marks,
    next_token_targets,
    pack_documents,
    pack_measured,
    token_bytes,
)

BOS = 1


def test_rows_are_the_documents_end_to_end(prepared):
    tokenizer = prepared.tokenizer
    texts = ["The soup was cold.", "这家店的汤很热。", "<|end|>"]
    rows = pack_documents(texts, tokenizer, row_length=5)
    stream = []
    for text in texts:
        body = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        assert tokenizer.eos_token_id not in body
        stream += [tokenizer.bos_token_id, *body, tokenizer.eos_token_id]
    assert rows.flatten().tolist() == stream[: len(stream) // 5 * 5]


def test_layout_by_hand():
    tokens = torch.tensor([[7, 8, BOS, 9, BOS, 5]])
    positions, mask = document_layout(tokens, BOS)
    assert positions.tolist() == [[0, 1, 0, 1, 0, 1]]
    expected = [
        [1, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 0],
        [0, 0, 1, 1, 0, 0],
        [0, 0, 0, 0, 1, 0],
        [0, 0, 0, 0, 1, 1],
    ]
    assert mask.int().tolist() == [[expected]]
    assert next_token_targets(tokens, Marks(BOS, 2)).tolist() == [[8, -100, 9, -100, 5, -100]]
    assert next_token_targets(tokens, Marks(BOS, BOS)).tolist() == [[8, BOS, 9, BOS, 5, -100]]


@pytest.mark.parametrize(
    ("tokenizer", "marks"),
    [(tiny.metaspace, ("<s>", "</s>")), (tiny.byte_level, ("<|endoftext|>", "<|endoftext|>"))],
)
def test_marks_of_tokenizers_with_and_without_a_bos(tokenizer, marks):
    words = tokenizer()
    assert document_marks(words) == Marks(*words.convert_tokens_to_ids(list(marks)))


def test_a_chat_models_end_of_turn_separates_no_documents():
    # As Qwen's chat models have it: EOS is the end of a turn, documents were pretrained with another mark.
    words = copy.deepcopy(tiny.byte_level())
    words.eos_token = "<|im_end|>"
    separator = words.convert_tokens_to_ids("<|endoftext|>")
    assert document_marks(words) == Marks(separator, separator)


def test_one_mark_closes_a_document_and_opens_the_next():
    words = tiny.byte_level()
    mark = words.convert_tokens_to_ids("<|endoftext|>")
    (one, two) = (words(text)["input_ids"] for text in ("soup", "tea"))
    rows = pack_measured(["soup", "tea"], words, row_length=len(one) + len(two) + 5)
    assert rows.tokens.tolist() == [[mark, *one, mark, *two, *[mark] * 3]]
    assert rows.sizes[0, [0, len(one) + 1, -3, -2, -1]].tolist() == [0, 0, 0, -1, -1]
    packed = pack_documents(["soup", "tea"], words, row_length=len(one) + len(two) + 2)
    assert packed.tolist() == [[mark, *one, mark, *two]]


@pytest.mark.parametrize("tokenizer", [tiny.metaspace, tiny.byte_level, ByT5Tokenizer])
@pytest.mark.parametrize("text", ["The soup  was\ncold.", "这家餐厅 很好 é 🤗", "<|endoftext|> </s>", ""])
def test_sizes_add_up_to_the_bytes_of_the_text(tokenizer, text):
    rows = pack_measured([text, "tea"], tokenizer(), row_length=7)
    assert rows.sizes[rows.sizes > 0].sum() == len((text + "tea").encode())


def test_the_bytes_of_tokens_by_hand():
    # "a", "é" in two tokens, " b": the space is the last token's, though its offsets may leave it out.
    assert token_bytes([1, 2, 2, 4], "aé b") == [1, 2, 0, 2]
    # A tokenizer that drops what ends the text: the last token has it.
    assert token_bytes([1, 2], "ab  ") == [1, 3]


def test_a_normalising_tokenizer_is_charged_for_the_text_as_it_was():
    words = copy.deepcopy(tiny.byte_level())
    words.backend_tokenizer.normalizer = normalizers.NFKC()
    rows = pack_measured(["ﬁne ①"], words, row_length=10)  # becomes "fine 1"
    assert rows.sizes[rows.sizes > 0].sum() == len("ﬁne ①".encode())


@pytest.mark.parametrize(("size", "kind"), [(320, np.uint16), (65_536, np.uint16), (65_537, np.uint32)])
def test_large_vocabularies_fit(size, kind):
    words = copy.deepcopy(tiny.byte_level())
    if size > len(words):
        words.add_tokens([f"word{n}" for n in range(size - len(words) - 1)] + ["@@"])
    assert len(words) == size
    rows = pack_documents(["@@"], words, row_length=2)
    assert rows.dtype == kind
    assert rows[0, 1] == words("@@")["input_ids"][0]
