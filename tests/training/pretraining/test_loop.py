import json
import math

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from luthier.errors import LuthierError, UserError
from luthier.training.pretraining import Pretrainer, clock
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


class Slow:
    """A clock for a machine that takes `seconds` for each step; nothing else takes time."""

    def __init__(self, monkeypatch, seconds):
        self.now, self.rates = 0.0, []
        step = Pretrainer.train_step

        def timed(trainer, steps):
            self.now += seconds(trainer.step)
            loss, norm, rates = step(trainer, steps)
            self.rates.append(rates["matrices"])
            return loss, norm, rates

        monkeypatch.setattr(Pretrainer, "train_step", timed)
        monkeypatch.setattr(clock.time, "monotonic", lambda: self.now)


# 100 seconds, of which the last 40 decay; also on a machine that slows down, or that compiles first.
@pytest.mark.parametrize(
    "seconds",
    [lambda step: 2.0, lambda step: 2.0 if step < 20 else 4.0, lambda step: 50.0 if step == 0 else 1.0],
    ids=["even", "slower and slower", "compiling"],
)
def test_a_limit_in_minutes_ends_in_the_full_decay(recipe, prepared, monkeypatch, seconds):
    limit = {"steps": None, "max_minutes": 100 / 60, "decay": 0.4, "matrix_rate": 1.0, "warmup": 0}
    options = recipe.optimisation.model_copy(update=limit)
    slow = Slow(monkeypatch, seconds)
    recipe = recipe.model_copy(update={"optimisation": options, "evaluate_every": 1000, "prompts": ()})
    Pretrainer(recipe, prepared).train()
    assert 93 < slow.now <= 100
    assert slow.rates[-1] < 0.2
    assert slow.rates == sorted(slow.rates, reverse=True)
    rate_before_the_decay = slow.rates[5]
    assert rate_before_the_decay == 1.0


def test_a_run_that_was_out_of_time_is_not_lengthened_by_resuming(recipe, prepared, monkeypatch):
    options = recipe.optimisation.model_copy(update={"steps": None, "max_minutes": 0.5})
    Slow(monkeypatch, lambda step: 3.0)
    first = Pretrainer(recipe.model_copy(update={"optimisation": options}), prepared)
    first.train()
    again = Pretrainer(recipe.model_copy(update={"optimisation": options}), prepared)
    again.train()
    assert first.step == again.step == 10


@pytest.mark.parametrize("change", ["wider", "another optimizer"])
def test_a_folder_of_another_recipe_is_refused(recipe, prepared, change):
    Pretrainer(recipe, prepared).train()
    if change == "wider":
        section, changes = "architecture", {"hidden_size": 32}
    else:
        section, changes = "optimisation", {"optimizer": "adamw"}
    other = getattr(recipe, section).model_copy(update=changes)
    with pytest.raises(UserError, match="another model or optimizer"):
        Pretrainer(recipe.model_copy(update={section: other}), prepared)


def test_a_loss_that_is_no_number_ends_the_run(recipe, prepared):
    trainer = Pretrainer(recipe, prepared)
    torch.nn.init.constant_(next(trainer.model.parameters()), math.nan)
    with pytest.raises(LuthierError, match="training diverged"):
        trainer.train()
    assert not (recipe.output / "checkpoint.pt").exists()


def test_the_log_and_the_screen_tell_how_it_goes(recipe, prepared, capsys):
    options = recipe.optimisation.model_copy(update={"steps": 20, "matrix_rate": 0.01})
    Pretrainer(recipe.model_copy(update={"optimisation": options, "evaluate_every": 100}), prepared).train()
    events = [json.loads(line) for line in (recipe.output / "log.jsonl").read_text("utf-8").splitlines()]
    last = next(event for event in events if event["event"] == "step" and event["step"] == 20)
    assert last["steps"] == 20
    assert last["tokens"] == 20 * 4 * 32
    # Two rows of three are English.
    assert last["epochs"]["zh"] == pytest.approx(27 / len(prepared.training["zh"]), abs=0.05)
    assert last["rates"]["matrices"] == pytest.approx(0.01 * (1 / 20) / 0.25)
    assert last["tokens_per_second"] > 0
    told = capsys.readouterr().err
    assert "step 20/20  loss" in told
    assert "held-out bits per byte: en" in told


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("bf16", [False, True])
def test_a_gpu_learns_what_a_cpu_does(recipe, prepared, tmp_path, monkeypatch, bf16):
    # By hand on a machine with a GPU: python -m pytest tests/training -k gpu
    options = recipe.optimisation.model_copy(update={"bf16": bf16, "steps": 30, "micro_rows": "auto"})
    recipe = recipe.model_copy(update={"optimisation": options, "evaluate_every": 30})
    on_gpu = Pretrainer(recipe, prepared)
    assert on_gpu.model.device.type == "cuda"
    on_gpu.train()
    resumed = Pretrainer(recipe, prepared)
    assert resumed.step == 30
    monkeypatch.setattr("luthier.training.pretraining.loop.best_device", lambda: torch.device("cpu"))
    on_cpu = Pretrainer(recipe.model_copy(update={"output": tmp_path / "cpu"}), prepared)
    on_cpu.train()
    gpu, cpu = (
        {
            name: bits_per_byte(trainer.network, rows, trainer.marks, 4)
            for name, rows in prepared.held_out.items()
        }
        for trainer in (on_gpu, on_cpu)
    )
    assert gpu == pytest.approx(cpu, rel=0.05)
