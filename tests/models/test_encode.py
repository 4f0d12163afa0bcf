from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models import tiny

from luthier.design.sample import Sample, Segment
from luthier.models import UNSUPERVISED, TooLongError, encode

TOKENIZERS = {"byte-level": tiny.byte_level, "metaspace": tiny.metaspace}
TEXT = st.text(alphabet=st.sampled_from("ab :,\n汤冷é🙂<>"), max_size=30)


@pytest.fixture(params=TOKENIZERS)
def tokenizer(request: pytest.FixtureRequest) -> Any:
    return TOKENIZERS[request.param]()


def sample(instruction: str, text: str, answer: str, end: str, loss_on_all: bool = False) -> Sample:
    return Sample(
        "x",
        (
            Segment(instruction, "instruction", loss_on_all),
            Segment(text, "input", loss_on_all),
            Segment("\n", "template"),
            Segment(answer, "answer", True),
            Segment(end, "end", True),
        ),
        weight=2.0,
    )


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(TOKENIZERS)), instruction=TEXT, text=TEXT, answer=TEXT)
def test_a_prompts_ids_are_the_first_ids_of_the_whole_sample(
    name: str, instruction: str, text: str, answer: str
) -> None:
    tokenizer = TOKENIZERS[name]()
    whole = sample(instruction, text, answer, tokenizer.eos_token)
    prompt = Sample("x", whole.segments[:3])
    ids, prompt_ids = encode(whole, tokenizer), encode(prompt, tokenizer)
    assert ids.input_ids[: len(prompt_ids.input_ids)] == prompt_ids.input_ids
    assert set(ids.labels[: len(prompt_ids.input_ids)]) <= {UNSUPERVISED}
    assert ids.labels[len(prompt_ids.input_ids) :] == ids.input_ids[len(prompt_ids.input_ids) :]
    assert ids.labels[-1] == tokenizer.eos_token_id


def test_eos_is_supervised_although_it_pads(tokenizer: Any) -> None:
    assert tokenizer.pad_token_id == tokenizer.eos_token_id
    encoded = encode(sample("Say.", "汤", "good", tokenizer.eos_token), tokenizer)
    assert encoded.labels[-1] == tokenizer.eos_token_id
    assert encoded.input_ids.count(tokenizer.eos_token_id) == 1
    assert encoded.weight == 2.0


def test_bos_comes_first_once_where_the_tokenizer_adds_one() -> None:
    tokenizer = tiny.metaspace()
    plain = encode(sample("Say.", "a", "b", "</s>"), tokenizer)
    spelt = encode(sample("<s>Say.", "a", "b", "</s>"), tokenizer)
    assert plain.input_ids[0] == tokenizer.bos_token_id
    assert plain.input_ids.count(tokenizer.bos_token_id) == 1
    assert spelt.input_ids.count(tokenizer.bos_token_id) == 1
    byte_level = tiny.byte_level()
    assert (
        encode(sample("Say.", "a", "b", byte_level.eos_token), byte_level).input_ids[0]
        == byte_level("Say")["input_ids"][0]
    )


def test_loss_on_all_supervises_the_prompt_but_not_the_template() -> None:
    tokenizer = tiny.byte_level()
    encoded = encode(sample("Say.", "cold soup", "bad", "<|endoftext|>", loss_on_all=True), tokenizer)
    supervised = tokenizer.decode([label for label in encoded.labels if label != UNSUPERVISED])
    unsupervised = [
        id_ for id_, label in zip(encoded.input_ids, encoded.labels, strict=True) if label == UNSUPERVISED
    ]
    assert supervised == "Say.cold soupbad<|endoftext|>"
    assert tokenizer.decode(unsupervised) == "\n"


def test_dialogue_supervises_every_answer() -> None:
    tokenizer = tiny.byte_level()
    turns = ("one", "prompt"), ("uno", "answer"), ("two", "prompt"), ("dos", "answer")
    segments = tuple(
        Segment(text, "answer", True) if side == "answer" else Segment(text, "input") for text, side in turns
    )
    labels = encode(Sample("x", segments), tokenizer).labels
    assert tokenizer.decode([label for label in labels if label != UNSUPERVISED]) == "unodos"


def test_truncation_cuts_the_longest_input_from_its_end_and_nothing_else(tokenizer: Any) -> None:
    segments = (
        Segment("Judge this review:", "instruction"),
        Segment("soup " * 40, "input"),
        Segment("short", "input"),
        Segment("\nAnswer:", "template"),
        Segment("negative", "answer", True),
        Segment(tokenizer.eos_token, "end", True),
    )
    whole = Sample("x", segments)
    limit = 60
    encoded = encode(whole, tokenizer, max_length=limit, truncate="input")
    kept = len("soup " * 40) - encoded.cut
    expected = Sample("x", (segments[0], Segment(segments[1].text[:kept], "input"), *segments[2:]))
    longer = Sample("x", (segments[0], Segment(segments[1].text[: kept + 5], "input"), *segments[2:]))
    assert 0 < kept < 200
    assert encoded.input_ids == encode(expected, tokenizer).input_ids
    assert len(encoded.input_ids) <= limit < len(encode(longer, tokenizer).input_ids)


def test_too_long_names_the_length_that_would_do(tokenizer: Any) -> None:
    whole = sample("Judge this review:", "soup " * 40, "negative", tokenizer.eos_token)
    with pytest.raises(TooLongError) as caught:
        encode(whole, tokenizer, max_length=30)
    assert len(encode(whole, tokenizer, max_length=caught.value.needed).input_ids) == caught.value.needed
    with pytest.raises(TooLongError, match="even with its whole input cut") as caught:
        encode(whole, tokenizer, max_length=5, truncate="input")
    assert len(encode(whole, tokenizer, caught.value.needed, "input").input_ids) == caught.value.needed


def test_a_special_token_in_a_users_text_is_its_characters(tokenizer: Any) -> None:
    spelt = tokenizer.eos_token
    encoded = encode(
        sample("Say.", f"cold{spelt} soup", f"so {spelt}{spelt}", tokenizer.eos_token), tokenizer
    )
    assert encoded.input_ids.count(tokenizer.eos_token_id) == 1
    assert encoded.input_ids[-1] == tokenizer.eos_token_id
    answer = [label for label in encoded.labels if label != UNSUPERVISED]
    assert tokenizer.decode(answer[:-1]).strip() == f"so {spelt}{spelt}"


def test_a_recipes_own_instruction_may_hold_special_tokens() -> None:
    tokenizer = tiny.byte_level()
    encoded = encode(sample("<|im_start|>Say.", "soup", "good", tokenizer.eos_token), tokenizer)
    assert encoded.input_ids[0] == tokenizer.convert_tokens_to_ids("<|im_start|>")
