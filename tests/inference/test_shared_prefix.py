import inspect

import pytest
import torch
from transformers import BloomConfig, BloomForCausalLM

from luthier.design import Design, SampleWriter
from luthier.inference import Predictor
from luthier.inference.batches import beginning
from luthier.inference.generation import generate
from luthier.inference.scoring import Question, packed_scores, plain_scores
from luthier.inference.shared_prefix import SharedPrefix
from luthier.methods import PTuningV2
from luthier.tasks import Aspects, Example

HEAD = [5, 9, 17, 30, 8, 8, 21]
PROMPTS = [[*HEAD, *tail] for tail in ([11], [7, 8] * 9, [100, 20, 3], [*HEAD, 4])]


def test_a_beginning_read_once_writes_the_same(model):
    plain, _ = generate(model, PROMPTS, stop=[1], pad=0, max_new_tokens=6)
    got, _ = generate(model, PROMPTS, stop=[1], pad=0, max_new_tokens=6, shared=len(HEAD))
    for one, other in zip(plain, got, strict=True):
        assert one.ids == other.ids
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)


def test_labels_are_scored_the_same_behind_it(model):
    _, keys = generate(model, PROMPTS, stop=[1], pad=0, max_new_tokens=3, shared=len(HEAD))
    continuations = [[40, 41], [40, 42, 43], [50]]
    questions = [Question(prompt, continuations, row) for row, prompt in enumerate(PROMPTS)]
    for batch in (questions, questions[2:0:-1]):
        expected = plain_scores(model, batch, 0)
        for one, other in zip(packed_scores(model, batch, 0, keys), expected, strict=True):
            for line, plain in zip(one, other, strict=True):
                assert line == pytest.approx(plain, abs=1e-5)


def read_by(model):
    """Notes the tokens that a model reads."""
    read = []
    model.register_forward_pre_hook(
        lambda _, __, given: read.append(given["input_ids"].numel()), with_kwargs=True
    )
    return read


def test_predictions_are_those_of_prompts_read_whole_with_fewer_tokens(model, tokenizer):
    task = Aspects(aspects=("food", "price"))
    writer = SampleWriter(Design(chat="plain"), task, None, "<eos>", 0)
    examples = [Example(str(n), f"the food was {n}") for n in range(60)]
    assert len({beginning(writer.prompt(item)) for item in examples}) > 1
    predictor = Predictor(model, tokenizer, writer, task, max_length=400)
    read = read_by(model)
    alone = list(predictor.predict(examples, batch_size=1))
    whole, before = sum(read), len(read)
    together = list(predictor.predict(examples))
    assert sum(read[before:]) < 0.7 * whole
    assert [item.text for item in together] == [item.text for item in alone]
    for one, other in zip(together, alone, strict=True):
        for name in task.aspects:
            assert one.probabilities[name] == pytest.approx(other.probabilities[name], abs=1e-5)


def test_a_model_that_keeps_positions_by_place_reads_prompts_whole(llama, monkeypatch):
    assert SharedPrefix(llama, stop=[1], pad=0).usable(PROMPTS, len(HEAD)) == len(HEAD)
    forward = llama.forward

    def by_place(*args, position_ids=None, **kwargs):
        past = kwargs["past_key_values"].get_seq_length()
        position_ids = torch.arange(past, past + kwargs["input_ids"].shape[1])[None]
        return forward(*args, position_ids=position_ids, **kwargs)

    by_place.__signature__ = inspect.signature(forward)
    monkeypatch.setattr(llama, "forward", by_place)
    assert SharedPrefix(llama, stop=[1], pad=0).usable(PROMPTS, len(HEAD)) == 0


def test_windows_trained_prefixes_and_models_without_positions_read_prompts_whole(llama, sliding, tokenizer):
    bloom = BloomForCausalLM(BloomConfig(vocab_size=len(tokenizer), hidden_size=32, n_layer=1, n_head=2))
    for model in (sliding, PTuningV2(prompt_length=3).apply(llama), bloom):
        read = read_by(model)
        assert SharedPrefix(model, stop=[1], pad=0).usable(PROMPTS, len(HEAD)) == 0
        assert not read
