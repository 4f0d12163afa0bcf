"""Instructions as rows: the loss on the answer alone, and replayed text for its share."""

from itertools import islice

import pytest

from luthier.models import UNSUPERVISED
from luthier.training.pretraining.instruct.material import Material
from luthier.training.pretraining.instruct.rows import training_rows


@pytest.fixture(scope="module")
def instructions(maker, material):
    return [
        item
        for kind in ("copy", "fields", "question")
        for language in ("en", "zh")
        for item in islice(maker.make(kind, material, language, "3"), 20)
    ]


def test_the_loss_is_on_the_answer_and_its_end_only(instructions, material, tokenizer):
    rows, replayed = training_rows(instructions, material, tokenizer, replay=0, seed=0)
    assert replayed == 0
    for item, row in zip(instructions, rows, strict=True):
        counted = [label for label in row["labels"] if label != UNSUPERVISED]
        assert tokenizer.decode(counted, skip_special_tokens=True) == item.to_row()["answer"]
        assert counted[-1] == tokenizer.eos_token_id


@pytest.mark.parametrize("replay", [0.3, 0.6])
def test_replayed_text_has_its_share_of_tokens_and_loss(instructions, material, tokenizer, replay):
    rows, replayed = training_rows(instructions, material, tokenizer, replay=replay, seed=0)
    assert replayed / sum(rows["length"]) == pytest.approx(replay, abs=0.05)
    weights = [weight * tokens for weight, tokens in zip(rows["weight"], rows["supervised"], strict=True)]
    assert sum(weights[len(instructions) :]) / sum(weights) == pytest.approx(replay, abs=0.05)
    assert max(rows["length"]) <= 512


def test_replayed_text_stands_in_the_documents_and_repeats_by_its_seed(
    instructions, material, documents, tokenizer
):
    def texts(seed):
        rows, _ = training_rows(instructions, material, tokenizer, replay=0.3, seed=seed)
        replayed = rows.select(range(len(instructions), len(rows)))
        return [tokenizer.decode(ids, skip_special_tokens=True) for ids in replayed["input_ids"]]

    whole = "\n\n".join([*documents["en"], *documents["zh"]])
    assert all(text in whole for text in texts(0))
    assert texts(0) == texts(0)
    assert texts(0) != texts(1)


def test_documents_without_a_word_end_the_replay(instructions, tokenizer):
    _, replayed = training_rows(instructions[:1], Material({"en": ["", "\n"]}), tokenizer, replay=0.3, seed=0)
    assert replayed == 0


def test_an_example_with_a_long_answer_counts_more_but_not_in_proportion(instructions):
    by_kind = {item.kind: item for item in instructions if item.language == "en"}
    long, short = by_kind["copy"].example.weight, by_kind["question"].example.weight
    assert long < short
