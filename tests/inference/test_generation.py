import pytest
import torch
from transformers import GenerationConfig

from luthier.inference.generation import generate
from luthier.methods import PTuningV2

PROMPTS = [[5, 9, 17, 30], [7, 8] * 9, [11], [100, 20, 3]]


def by_definition(model, prompt, stop, limit):
    """Greedy decoding by whole forwards, one prompt at a time."""
    ids, probabilities = list(prompt), []
    while len(probabilities) < limit:
        with torch.no_grad():
            best = model(torch.tensor([ids])).logits[0, -1].softmax(-1).max(-1)
        probabilities.append(float(best.values))
        if int(best.indices) in stop:
            break
        ids.append(int(best.indices))
    return tuple(ids[len(prompt) :]), sum(probabilities) / len(probabilities)


def expect_greedy(model, stop):
    got, _ = generate(model, PROMPTS, stop=stop, pad=0, max_new_tokens=8)
    for prompt, item in zip(PROMPTS, got, strict=True):
        ids, probability = by_definition(model, prompt, stop, 8)
        assert item.ids == ids
        assert item.probability == pytest.approx(probability, abs=1e-5)
        assert item.ended == (len(ids) < 8)
    return got


def test_a_padded_batch_writes_what_single_prompts_do(model):
    expect_greedy(model, [1])


def test_any_stop_token_ends_an_answer(llama):
    free, _ = generate(llama, PROMPTS, stop=[1], pad=0, max_new_tokens=8)
    stop = [1, free[0].ids[3]]
    stopped = expect_greedy(llama, stop)
    assert stopped[0].ended
    assert stopped[0].ids == free[0].ids[: free[0].ids.index(stop[1])]


def test_a_trained_prefix_is_seen_by_every_row_of_a_padded_batch(prefix_tuned):
    expect_greedy(prefix_tuned, [1])


def test_a_trained_prefix_stays_in_the_window_of_short_prompts_beside_long_ones(sliding):
    """Padding in front would push it out of the window."""
    tuned = PTuningV2(prompt_length=3).apply(sliding).eval()
    torch.nn.init.normal_(tuned.prompt_encoder.default.embedding.weight, std=2.0)
    prompts = [[5, 9], [7, 8] * 9, [11], [100, 20]]
    alone = [generate(tuned, [prompt], stop=[1], pad=0, max_new_tokens=4)[0][0] for prompt in prompts]
    together, _ = generate(tuned, prompts, stop=[1], pad=0, max_new_tokens=4)
    for prompt, one, other in zip(prompts, alone, together, strict=True):
        assert other.ids == one.ids == by_definition(tuned, prompt, [1], 4)[0]


def test_nothing_is_inherited_from_the_models_generation_config(llama):
    expected, _ = generate(llama, PROMPTS, stop=[1], pad=0, max_new_tokens=8)
    theirs = GenerationConfig(
        do_sample=True,
        temperature=5.0,
        top_k=3,
        repetition_penalty=5.0,
        suppress_tokens=[2],
        min_new_tokens=8,
    )
    llama.generation_config = theirs
    llama.config.use_cache = False
    llama.train()
    assert generate(llama, PROMPTS, stop=[1], pad=0, max_new_tokens=8)[0] == expected
    assert llama.generation_config is theirs
    assert llama.training
    assert llama.config.use_cache is False
