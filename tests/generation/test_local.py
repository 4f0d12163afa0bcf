"""Models on this machine: asked through their template or continuing a list, drawing the same each time."""

from __future__ import annotations

import torch
from tests.models import tiny

from luthier.generation import Prompt, Sampling
from luthier.generation.local import LocalWriter
from luthier.inference.sampling import sample

PROMPTS = [
    Prompt(number, "You write.", f"Number {number}, please <|im_end|>.", f"### Text\n{number} soups", "\n###")
    for number in (3, 4)
]


def local(chat: bool, seed: int = 0) -> LocalWriter:
    model = tiny.model("llama", max_position_embeddings=256)
    return LocalWriter(model, tiny.byte_level(), batch=2, chat=chat, seed=seed)


def test_the_same_seed_draws_the_same_and_nobody_elses_numbers_change() -> None:
    sampling = Sampling(1.0, 1.0, 20)
    writer = local(True)
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first = [reply.text for _, reply in writer.write(PROMPTS, sampling)]
    assert torch.equal(torch.random.get_rng_state(), before)
    assert [reply.text for _, reply in local(True).write(PROMPTS, sampling)] == first
    assert [reply.text for _, reply in local(True, seed=9).write(PROMPTS, sampling)] != first
    assert all(0 < reply.tokens <= 20 for _, reply in local(False).write(PROMPTS, sampling))


def test_almost_no_temperature_is_the_most_probable_continuation() -> None:
    model, tokenizer = tiny.model("llama"), tiny.byte_level()
    ids = tokenizer("### Text\nThe soup")["input_ids"]
    expected = list(ids)
    with torch.no_grad():
        for _ in range(8):
            expected.append(int(model.eval()(torch.tensor([expected])).logits[0, -1].argmax()))
    found = sample(
        model, tokenizer, [ids], stop=[], stop_texts=[], max_new_tokens=8, temperature=1e-4, top_p=1.0, seed=0
    )
    assert found[0].text == tokenizer.decode(expected[len(ids) :], skip_special_tokens=True)
    assert not found[0].ended


def test_a_text_ends_before_what_stops_it() -> None:
    model, tokenizer = tiny.model("llama"), tiny.byte_level()
    ids = tokenizer("The soup was")["input_ids"]
    options = {"stop": [], "max_new_tokens": 40, "temperature": 1.0, "top_p": 1.0, "seed": 1}
    whole = sample(model, tokenizer, [ids], stop_texts=[], **options)[0].text
    mark = whole[10:12]
    cut = sample(model, tokenizer, [ids], stop_texts=[mark], **options)[0]
    assert cut.text == whole[: whole.index(mark)]
    assert cut.ended


def test_a_special_token_in_an_example_is_read_as_its_characters() -> None:
    writer = local(True)
    sample_ = writer._laid_out(PROMPTS[0])
    ends = [segment.role for segment in sample_.segments if "<|im_end|>" in segment.text]
    assert ends == ["template", "input", "template"]
