"""What `from` promises, for each family and optimizer."""

import json
import math

import pytest
import torch
from pydantic import ValidationError
from tests.models import tiny
from transformers import AutoModelForCausalLM, AutoTokenizer

from luthier.errors import UserError
from luthier.training.pretraining import Pretrainer, Pretraining, prepare
from luthier.training.pretraining.measure import bits_per_byte
from luthier.training.pretraining.network import Network
from luthier.training.pretraining.packing import document_marks, pack_measured


def changed(recipe, **changes):
    """The recipe with other options of `optimisation`."""
    return recipe.model_copy(update={"optimisation": recipe.optimisation.model_copy(update=changes)})


def train(recipe):
    trainer = Pretrainer(recipe, prepare(recipe))
    trainer.train()
    return {name: weight.clone() for name, weight in trainer.model.state_dict().items()}


def held_out_bits(recipe):
    """What was measured, before the first step and after the last."""
    events = [json.loads(line) for line in (recipe.output / "log.jsonl").read_text("utf-8").splitlines()]
    return [event["bits_per_byte"] for event in events if event["event"] == "measured"]


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_held_out_text_is_learned_and_the_model_stays_the_base_in_all_else(continued, base, optimizer):
    rate = 0.02 if optimizer == "muon" else 0.003
    recipe = changed(continued, optimizer=optimizer, steps=20, matrix_rate=rate, vector_rate=0.003)
    recipe = recipe.model_copy(update={"evaluate_every": 100, "prompts": ()})
    folder = Pretrainer(recipe, prepare(recipe)).train()
    first, last = held_out_bits(recipe)
    assert all(last[name] < 0.8 * first[name] for name in ("en", "zh"))
    plain, saved = (AutoModelForCausalLM.from_pretrained(place) for place in (base, folder))
    assert saved.dtype == plain.dtype == torch.bfloat16
    noted = {"pretraining_optimizer": optimizer}
    assert saved.config.to_diff_dict() == plain.config.to_diff_dict() | noted
    assert saved.generation_config.to_diff_dict() == plain.generation_config.to_diff_dict()
    before, after = (AutoTokenizer.from_pretrained(place) for place in (base, folder))
    assert after.get_vocab() == before.get_vocab()
    assert (after.chat_template, after.pad_token, after.padding_side) == (
        before.chat_template,
        before.pad_token,
        before.padding_side,
    )


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_resumed_is_bit_identical(continued, tmp_path, monkeypatch, optimizer):
    recipe = changed(continued, optimizer=optimizer)
    straight = train(recipe)
    killed = recipe.model_copy(update={"output": tmp_path / "killed"})
    step = Pretrainer.train_step

    def dying_step(self, steps):
        if self.step == 3:
            raise KeyboardInterrupt
        return step(self, steps)

    with monkeypatch.context() as patch:
        patch.setattr(Pretrainer, "train_step", dying_step)
        with pytest.raises(KeyboardInterrupt):
            train(killed)
    resumed = train(killed)
    assert all(torch.equal(straight[name], resumed[name]) for name in straight)


def test_other_weights_are_saved_where_the_recipe_asks(continued):
    recipe = continued.model_copy(update={"dtype": "float32"})
    folder = Pretrainer(recipe, prepare(recipe)).train()
    assert AutoModelForCausalLM.from_pretrained(folder).dtype == torch.float32


@pytest.mark.parametrize(
    ("family", "tokenizer"),
    [("llama", tiny.metaspace), ("gpt2", tiny.byte_level), ("qwen2", tiny.byte_level)],
)
def test_bits_per_byte_by_hand(family, tokenizer):
    texts = ["The soup was cold.", "这家餐厅的汤 is <|endoftext|>", "é"]
    model, words = tiny.model(family).eval(), tokenizer()
    # One row: opening mark, text, closing mark; GPT-2's and Qwen's one mark closes a text and opens the next.
    opens, closes = ("<s>", "</s>") if family == "llama" else ("<|endoftext|>", "<|endoftext|>")
    first, last = words.convert_tokens_to_ids([opens, closes])
    bits = 0.0
    for text in texts:
        ids = [first, *words(text, add_special_tokens=False, split_special_tokens=True)["input_ids"], last]
        with torch.no_grad():
            scores = model(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
        bits -= sum(float(scores[n, ids[n + 1]]) for n in range(len(ids) - 1)) / math.log(2)
    rows = pack_measured(texts, words, row_length=100)
    marks = document_marks(words)
    measured = bits_per_byte(Network(model, marks.opens), rows, marks, 4)
    assert measured == pytest.approx(bits / sum(len(text.encode()) for text in texts), rel=1e-5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"vocabulary": {"size": 700}}, "vocabulary contradicts `from`"),
        ({"architecture": {}}, "architecture contradicts `from`"),
        ({"from": {"name": "luthier/tiny", "dtype": "bfloat16"}}, "trained in float32"),
        ({"from": {"name": "luthier/tiny", "attention": "flash_attention_2"}}, "mask of packed rows"),
    ],
)
def test_contradictions_are_refused(recipe, changes, said):
    said_anyway = {"sources": recipe.sources, "output": recipe.output, "from": "luthier/tiny"}
    with pytest.raises(ValidationError, match=said):
        Pretraining.model_validate(said_anyway | changes)


def test_a_recipe_that_was_written_out_is_read_again(recipe, continued):
    for one in (recipe, continued):
        assert Pretraining.model_validate(one.model_dump(mode="json")) == one
    assert "from" in continued.model_dump()


def test_rows_longer_than_the_model_are_refused(continued):
    recipe = changed(continued, row_length=256)
    with pytest.raises(UserError, match="reads 128 tokens at once, and rows have 256"):
        Pretrainer(recipe, prepare(recipe))


def test_a_tokenizer_of_another_model_is_refused(continued, base):
    words = AutoTokenizer.from_pretrained(base)
    words.add_tokens([f"word{n}" for n in range(100)])
    words.save_pretrained(base)
    with pytest.raises(UserError, match="its model embeds 384"):
        Pretrainer(continued, prepare(continued))


def test_a_source_shorter_than_a_row_is_refused(recipe):
    source = recipe.sources[0]
    source.path.write_text('{"text": "Tea."}\n' * 3, "utf-8")
    short = recipe.model_copy(update={"held_out": 1e-9})
    with pytest.raises(UserError, match="en: less text than one row"):
        Pretrainer(short, prepare(short))
