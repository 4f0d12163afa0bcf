import json
import math

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from luthier.training.pretraining import Pretrainer
from luthier.training.pretraining.measure import bits_per_byte


class Killed(BaseException):
    """Stands in for a signal: no handler of ordinary errors sees it."""


def run(recipe, prepared):
    trainer = Pretrainer(recipe, prepared)
    trainer.train()
    return {name: weight.clone() for name, weight in trainer.model.state_dict().items()}


@pytest.mark.parametrize("steps_done", range(6))
@pytest.mark.parametrize("moment", ["before a step", "while a checkpoint is written"])
def test_killed_and_resumed_is_bit_identical(recipe, prepared, tmp_path, monkeypatch, steps_done, moment):
    straight = run(recipe, prepared)
    killed = recipe.model_copy(update={"output": tmp_path / "killed"})
    with monkeypatch.context() as patch:
        if moment == "before a step":
            step = Pretrainer.train_step

            def dying_step(self, steps):
                if self.step == steps_done:
                    raise Killed
                return step(self, steps)

            patch.setattr(Pretrainer, "train_step", dying_step)
        else:
            save = torch.save

            def dying_save(state, file):
                if state["progress"]["step"] > steps_done:
                    file.write(b"half a checkpoint")
                    raise Killed
                save(state, file)

            patch.setattr(torch, "save", dying_save)
        with pytest.raises(Killed):
            run(killed, prepared)
    resumed = run(killed, prepared)
    assert straight.keys() == resumed.keys()
    assert all(torch.equal(straight[name], resumed[name]) for name in straight)


def test_micro_batches_add_up_to_the_batch(recipe, prepared, tmp_path):
    whole = recipe.optimisation.model_copy(update={"micro_rows": 4})
    one = run(recipe, prepared)
    other = run(recipe.model_copy(update={"optimisation": whole, "output": tmp_path / "whole"}), prepared)
    for name, weight in one.items():
        torch.testing.assert_close(weight, other[name], atol=1e-5, rtol=1e-4)


def test_it_learns_and_says_so(recipe, prepared):
    longer = recipe.optimisation.model_copy(update={"steps": 90})
    Pretrainer(recipe.model_copy(update={"optimisation": longer, "evaluate_every": 30}), prepared).train()
    events = [json.loads(line) for line in (recipe.output / "log.jsonl").read_text("utf-8").splitlines()]
    measured = [event["bits_per_byte"] for event in events if event["event"] == "measured"]
    assert [set(values) for values in measured] == [{"en", "zh"}] * 5
    for name, value in measured[-1].items():
        assert value < unigram_bits_per_byte(prepared, name)


def unigram_bits_per_byte(prepared, name):
    """What a model reaches that knows how often each token occurs but reads no context."""
    seen = np.bincount(prepared.training[name].flatten(), minlength=len(prepared.tokenizer)) + 1
    rows = prepared.held_out[name]
    targets = rows.tokens[:, 1:]
    counted = (rows.sizes[:, 1:] >= 0) & (targets != prepared.tokenizer.bos_token_id)
    bits = -np.log2(seen / seen.sum())[targets[counted]].sum()
    return bits / rows.sizes[:, 1:][counted].sum()


def test_the_saved_model_is_the_trained_one_in_bfloat16(recipe, prepared):
    trainer = Pretrainer(recipe, prepared)
    folder = trainer.train()
    saved = load_file(folder / "model.safetensors")
    for name, weight in trainer.model.state_dict().items():
        if name in saved:
            assert torch.equal(saved[name], weight.to(torch.bfloat16))
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    rounded = trainer.model.to(torch.bfloat16).to(torch.float32).eval()
    ids = AutoTokenizer.from_pretrained(folder)("这家店的汤 was cold", return_tensors="pt")
    torch.testing.assert_close(model(**ids).logits, rounded(**ids).logits)


def test_the_steps_file_moves_the_end(recipe, prepared):
    recipe.output.mkdir(exist_ok=True)
    (recipe.output / "steps").write_text("3\n")
    trainer = Pretrainer(recipe, prepared)
    trainer.train()
    assert trainer.step == 3


def test_an_untrained_model_spends_the_logarithm_of_the_vocabulary(recipe, prepared):
    # With all weights zero every token has probability 1/V: log2(V) bits for each but the BOS tokens.
    trainer = Pretrainer(recipe, prepared)
    for weight in trainer.model.parameters():
        torch.nn.init.zeros_(weight)
    trainer.model.eval()
    tokenizer, rows = prepared.tokenizer, prepared.held_out["zh"]
    measured = bits_per_byte(trainer.network, rows, trainer.marks, 2)
    stream = [number for row in rows.tokens for number in row[1:] if number != tokenizer.bos_token_id]
    size = len(tokenizer.decode([int(number) for number in stream], skip_special_tokens=True).encode())
    assert measured == pytest.approx(len(stream) * math.log2(len(tokenizer)) / size, rel=1e-5)
