import torch

from luthier.training.pretraining.packing import (
    Marks,
    document_layout,
    next_token_targets,
    pack_documents,
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
