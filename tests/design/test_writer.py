import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.design import Design, DeviationKind, SampleWriter
from luthier.errors import UserError
from luthier.tasks import Aspects, Classification, Example, Extraction, Generation, Turn
from luthier.tasks.example import Entity

ASPECTS = Aspects(aspects=("food", "price"))
REVIEW = Example("r1", "The soup was cold.", {"food": "negative"}, reasons={"food": "the soup was cold"})
EOS = "<|end|>"


def writer(task=ASPECTS, **options):
    options.setdefault("instructions", ("Judge {fields}.",))
    return SampleWriter(Design.model_validate(options), task, None, EOS)


def test_the_plain_layout():
    sample = writer().sample(REVIEW)
    assert sample.text == (
        "Judge food, price.\n\nText:\nThe soup was cold.\n\nAnswer:\n"
        "food: negative\nprice: not mentioned<|end|>"
    )
    assert sample.supervised_text == "food: negative\nprice: not mentioned<|end|>"
    roles = [segment.role for segment in sample.segments]
    assert roles == ["instruction", "template", "template", "input", "template", "template", "answer", "end"]


def test_instruction_last_and_none():
    assert "cold.\n\nJudge food, price.\n\nAnswer:\n" in writer(instruction="last").prompt(REVIEW).text
    bare = SampleWriter(Design(instruction="none"), ASPECTS, None, EOS)
    assert bare.prompt(REVIEW).text == "Text:\nThe soup was cold.\n\nAnswer:\n"


def test_loss_on_all_supervises_every_segment():
    sample = writer(loss_on="all").sample(REVIEW)
    assert sample.supervised_text == sample.text


def test_a_pair_shows_both_texts():
    task = Classification(labels=("yes", "no"), pair=True)
    text = SampleWriter(Design(), task, None, EOS).prompt(Example("p", "One.", "yes", text_pair="Two.")).text
    assert "Text 1:\nOne.\n\nText 2:\nTwo.\n\nAnswer:\n" in text


def test_an_own_instruction_replaces_the_wording_and_an_empty_input_vanishes():
    example = Example("a", "", "4", instruction="What is {2} + 2?")
    assert writer(Generation()).sample(example).text == "What is {2} + 2?\n\nAnswer:\n4<|end|>"


def test_history_is_supervised_turn_by_turn():
    turns = (Turn("system", "Be brief."), Turn("user", "Hi"), Turn("assistant", "Hello"))
    sample = SampleWriter(Design(), Generation(), None, EOS).sample(
        Example("h", "Bye", "So long", history=turns)
    )
    assert sample.text == (
        "Be brief.\n\nText:\nHi\n\nAnswer:\nHello<|end|>\n\nText:\nBye\n\nAnswer:\nSo long<|end|>"
    )
    assert sample.supervised_text == "Hello<|end|>So long<|end|>"


def test_the_prompt_is_the_sample_without_its_answer():
    for strategy in ("es-sde", "ew-sde", "heuristic"):
        writes = SampleWriter(Design(strategy=strategy), ASPECTS, None, EOS)
        assert writes.sample(REVIEW).segments[:-2] == writes.prompt(REVIEW).segments


def test_the_wording_does_not_depend_on_order_and_can_be_fixed():
    pool = tuple(f"Wording {index}." for index in range(8))
    examples = [Example(f"e{index}", "x", {}) for index in range(40)]
    texts = [writer(instructions=pool).prompt(example).text for example in examples]
    assert len({text.split("\n")[0] for text in texts}) == 8
    assert [writer(instructions=pool).prompt(example).text for example in reversed(examples)] == texts[::-1]
    assert writer(instructions=pool, wording=3).prompt(REVIEW).text.startswith("Wording 3.")


def test_numbers_are_written_and_read_back():
    writes = writer(labels="number")
    answer = writes.sample(REVIEW).segments[-2].text
    assert answer == "food: -1\nprice: -2"
    assert writes.target(writes.read(answer, REVIEW), REVIEW) == {"food": "negative"}
    reading = writes.read("food: 9\nprice: -2", REVIEW)
    assert [item.kind for item in reading.deviations] == [DeviationKind.OUT_OF_RANGE]


@pytest.mark.parametrize("reasoning", ["before", "after"])
def test_reasons_are_written(reasoning):
    answer = writer(format="json", reasoning=reasoning).sample(REVIEW).segments[-2].text
    first = json.loads(answer.split("\n")[0])
    keys = ["aspect", "reason", "sentiment"] if reasoning == "before" else ["aspect", "sentiment", "reason"]
    assert list(first) == keys


@pytest.mark.parametrize("format", ["natural", "lines", "json", "pairs"])
@pytest.mark.parametrize("field", ["food", "price"])
def test_candidates_continue_their_prefix_as_the_sample_does(format, field):
    writes = writer(format=format)
    for label in ("positive", "neutral", "negative", "not mentioned"):
        target = {"food": "negative"} if field == "price" else {}
        if label != "not mentioned":
            target = {**target, field: label}
        example = Example("c", "x", target)
        found = writes.candidates(example, ASPECTS.answer(example), field)
        tail = "".join(
            segment.text for segment in writes.sample(example).segments if segment.side == "answer"
        )
        assert set(found.options) == {"positive", "neutral", "negative", "not mentioned"}
        assert tail.startswith(found.prefix + found.options[label])
        others = [text for name, text in found.options.items() if name != label]
        assert not any(text.startswith(found.options[label]) for text in others)


def test_candidates_end_where_the_value_ends():
    found = writer().candidates(REVIEW, {"food": ("negative",)}, "food")
    assert (found.prefix, found.options["negative"]) == ("food: ", "negative\n")
    found = writer().candidates(REVIEW, {"food": ("negative",)}, "price")
    assert (found.prefix, found.options["not mentioned"]) == (
        "food: negative\nprice: ",
        "not mentioned<|end|>",
    )
    assert writer(labels="number").candidates(REVIEW, {}, "price").options["neutral"] == "0<|end|>"
    nested = writer(Classification(labels=("a", "a b"))).candidates(Example("x", "t", "a"), {}, "")
    assert nested.options == {"a": "a<|end|>", "a b": "a b<|end|>"}


def test_no_candidates_where_no_one_place_decides():
    assert writer(unmentioned="omit").candidates(REVIEW, {}, "food") is None
    assert writer(Extraction(types=("ORG",))).candidates(Example("x", "t", ()), {}, "ORG") is None


def test_strings_that_the_text_does_not_hold_are_noted_and_repetitions_dropped():
    writes = writer(Extraction(types=("ORG",)))
    example = Example("x", "Acme met Acme.", (Entity(0, 4, "ORG", "Acme"),))
    reading = writes.read("ORG: Acme; Acme; Acme; Beta", example)
    assert reading.answer == {"ORG": ("Acme", "Acme", "Beta")}
    assert [item.kind for item in reading.deviations] == [DeviationKind.REPETITION, DeviationKind.NOT_IN_TEXT]
    assert len(writes.target(reading, example)) == 3


@pytest.mark.parametrize("strategy", ["es-sde", "ew-sde"])
def test_strings_parted_by_commas_are_told_apart_by_the_input(strategy):
    writes = writer(Extraction(types=("PER",)), strategy=strategy)
    example = Example("x", "Bo met Al, Cy and Bo, Jr.", ())
    stop = "." if strategy == "ew-sde" else ""
    reading = writes.read(f'PER: "Bo, Al、Cy"; "Bo, Jr"{stop}', example)
    assert reading.answer == {"PER": ("Bo", "Al", "Cy", "Bo, Jr")}
    assert [item.kind for item in reading.deviations] == [DeviationKind.PUNCTUATION]
    reading = writes.read(f'PER: "Al, Di"{stop}', example)
    assert reading.answer == {"PER": ("Al, Di",)}


def test_a_template_that_is_not_there_is_refused():
    with pytest.raises(UserError, match="no chat template"):
        writer(chat="template")


@settings(max_examples=150, deadline=None)
@given(
    text=st.text("abc 。；\n", min_size=1, max_size=30),
    data=st.data(),
    strategy=st.sampled_from(["es-sde", "ew-sde", "heuristic"]),
)
def test_entities_survive_writing_and_reading(text, data, strategy):
    spans = data.draw(
        st.sets(
            st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text)), st.sampled_from(["A", "B"]))
        )
    )
    entities = sorted(Entity(start, end, kind, text[start:end]) for start, end, kind in spans if start < end)
    example = Example("x", text, tuple(entities))
    writes = writer(Extraction(types=("A", "B")), strategy=strategy)
    reading = writes.read(writes.sample(example).segments[-2].text, example)
    assert reading.deviations == ()
    assert writes.target(reading, example) == example.target
