"""The whole second stage on a micro model."""

import json

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from luthier.errors import UserError
from luthier.training.pretraining.instruct import Instruct, follow, follow_instructions
from luthier.training.pretraining.instruct.follow import split_documents

OPTIONS = Instruct(
    examples=24, kinds=("copy", "fields", "same_text"), held_out=0.3, batch_size=4, max_length=256, replay=0.3
)


@pytest.fixture
def micro(tokenizer):
    def build():
        torch.manual_seed(0)
        return LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(tokenizer),
                hidden_size=16,
                num_hidden_layers=1,
                num_attention_heads=2,
                intermediate_size=24,
                max_position_embeddings=512,
                tie_word_embeddings=True,
                bos_token_id=tokenizer.bos_token_id,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )
        )

    return build


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def test_a_model_is_trained_measured_and_told_of(micro, tokenizer, documents, tmp_path):
    model = micro()
    before = weights(model)
    result = follow_instructions(model, tokenizer, documents, OPTIONS, folder=tmp_path, seed=1)
    assert any(not torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert {name: kind.examples for name, kind in result.kinds.items()} == dict.fromkeys(OPTIONS.kinds, 8)
    assert result.overall.examples == 24
    assert result.overall.held_out == sum(kind.held_out for kind in result.kinds.values()) > 0
    assert result.replayed_tokens / result.tokens == pytest.approx(0.3, abs=0.1)
    assert result.training.steps > 0
    assert type(result).model_validate_json(result.model_dump_json()) == result
    rows = [json.loads(line) for line in (tmp_path / "instruct.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == result.overall.examples + result.overall.held_out
    assert {row["language"] for row in rows} == {"en", "zh"}


def test_held_out_instructions_come_from_documents_of_their_own(micro, tokenizer, documents, tmp_path):
    kept, held = split_documents(documents, OPTIONS.held_out)
    for language, texts in documents.items():
        assert sorted([*kept[language], *held[language]]) == sorted(texts)
    follow_instructions(micro(), tokenizer, documents, OPTIONS, folder=tmp_path)
    names = {text.split("\n")[0]: text in held[language] for language in held for text in documents[language]}
    for line in (tmp_path / "instruct.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        sides = {is_held for name, is_held in names.items() if name in row["prompt"]}
        assert sides <= {row["id"].startswith("held-out-")}


def test_an_interrupted_stage_goes_on_to_the_same_weights(micro, tokenizer, documents, tmp_path, monkeypatch):
    monkeypatch.setattr(follow, "_CHECKPOINT_STEPS", 2)
    straight = micro()
    follow_instructions(straight, tokenizer, documents, OPTIONS, folder=tmp_path / "straight")

    from luthier.training.trainer import LuthierTrainer

    step, done = LuthierTrainer.training_step, []

    def interrupted(self, *args, **kwargs):
        done.append(1)
        if len(done) == 4:
            raise KeyboardInterrupt
        return step(self, *args, **kwargs)

    monkeypatch.setattr(LuthierTrainer, "training_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        follow_instructions(micro(), tokenizer, documents, OPTIONS, folder=tmp_path / "broken")
    monkeypatch.setattr(LuthierTrainer, "training_step", step)
    resumed = micro()
    follow_instructions(resumed, tokenizer, documents, OPTIONS, folder=tmp_path / "broken")
    assert all(
        torch.equal(value, resumed.state_dict()[name]) for name, value in straight.state_dict().items()
    )


def test_one_language_is_enough(micro, tokenizer, documents, tmp_path):
    options = OPTIONS.model_copy(update={"kinds": ("copy", "language"), "examples": 8})
    result = follow_instructions(micro(), tokenizer, {"zh": documents["zh"]}, options, folder=tmp_path)
    assert set(result.kinds) == {"copy"}
    assert result.dropped["language, zh: the documents gave too few"] == 4


def test_documents_that_hold_nothing_are_the_users_fault(micro, tokenizer, tmp_path):
    with pytest.raises(UserError, match="no instruction"):
        follow_instructions(micro(), tokenizer, {"en": ["Short."]}, OPTIONS, folder=tmp_path)


def test_a_model_that_reads_less_is_refused(micro, tokenizer, documents, tmp_path):
    options = OPTIONS.model_copy(update={"max_length": 1024})
    with pytest.raises(UserError, match="1024 tokens, but the model reads 512"):
        follow_instructions(micro(), tokenizer, documents, options, folder=tmp_path)
