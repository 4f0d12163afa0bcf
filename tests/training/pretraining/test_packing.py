import numpy as np
import pytest
import torch

from luthier.training.pretraining.model import build_model, hidden_states
from luthier.training.pretraining.packing import (
    RowStream,
    document_layout,
    mix_sources,
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
    assert next_token_targets(tokens, BOS).tolist() == [[8, -100, 9, -100, 5, -100]]


def test_a_packed_row_gives_the_logits_of_its_documents_alone(recipe, prepared):
    torch.manual_seed(1)
    model = build_model(recipe.architecture, prepared.tokenizer)
    for weight in model.parameters():  # no layer the identity, or attention would not show
        torch.nn.init.normal_(weight, std=0.5)
    documents = [
        torch.tensor([[BOS, *torch.randint(6, len(prepared.tokenizer), (length,)).tolist()]])
        for length in (4, 9, 6)
    ]
    packed = hidden_states(model.model, torch.cat(documents, dim=1), BOS, bf16=False)
    alone = torch.cat([model.model(input_ids=document).last_hidden_state for document in documents], dim=1)
    torch.testing.assert_close(
        packed @ model.lm_head.weight.T, alone @ model.lm_head.weight.T, atol=1e-5, rtol=1e-5
    )


def test_shares_are_kept_at_every_moment():
    mix = mix_sources([45, 30, 25])
    counts = np.zeros(3)
    for row in range(1, 500):
        counts[next(mix)] += 1
        assert np.abs(counts - row * np.array([0.45, 0.30, 0.25])).max() <= 1
    assert counts.sum() == 499


def test_an_epoch_reads_each_row_once_and_the_next_in_another_order():
    source = np.arange(50, dtype=np.uint16).reshape(50, 1)
    rows = RowStream([source], [1.0], seed=3)
    first, second = rows.take(50).flatten(), rows.take(50).flatten()
    assert sorted(first) == sorted(second) == list(range(50))
    assert first.tolist() != second.tolist()
    assert rows.epochs == [2.0]


@pytest.mark.parametrize("skipped", [0, 1, 7, 30])
def test_skipping_is_the_same_as_taking(skipped):
    sources = [
        np.arange(10, dtype=np.uint16).reshape(10, 1),
        np.arange(100, 103, dtype=np.uint16).reshape(3, 1),
    ]
    straight, resumed = RowStream(sources, [2, 1], seed=0), RowStream(sources, [2, 1], seed=0)
    if skipped:
        straight.take(skipped)
    resumed.skip(skipped)
    assert straight.take(20).tolist() == resumed.take(20).tolist()
