import pytest
import torch

from luthier.design import Design, SampleWriter
from luthier.errors import UserError
from luthier.inference import Predictor, answer_tokens
from luthier.models import encode
from luthier.tasks import Aspects, Classification, Example, Extraction, Generation

SENTIMENT = Classification(labels=("positive", "negative", "positive food"))
ASPECTS = Aspects(aspects=("food", "price"))
EXAMPLES = [Example(str(n), "the food was " * (1 + n % 3) + str(n)) for n in range(7)]


def writer_of(task, **options):
    return SampleWriter(Design(chat="plain", **options), task, None, "<eos>", 0)


def predictor_of(model, tokenizer, task, writer=None, **options):
    return Predictor(model, tokenizer, writer or writer_of(task), task, max_length=400, **options)


def probability_of(model, tokenizer, writer, example, continuation):
    """Log probability of a whole text after the prompt, by one plain forward."""
    prompt = encode(writer.prompt(example), tokenizer).input_ids
    ids = tokenizer(continuation, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        logs = model(torch.tensor([prompt + ids])).logits[0].log_softmax(-1)
    return sum(float(logs[len(prompt) - 1 + at, id_]) for at, id_ in enumerate(ids))


def test_order_and_values_do_not_depend_on_the_batch(model, tokenizer):
    predictor = predictor_of(model, tokenizer, ASPECTS)
    steps = []
    together = list(predictor.predict(EXAMPLES, batch_size=4, progress=steps.append))
    alone = list(predictor.predict(EXAMPLES, batch_size=1))
    assert [item.id for item in together] == [example.id for example in EXAMPLES]
    assert [item.text for item in together] == [item.text for item in alone]
    assert steps == [4, 3]
    for one, other in zip(together, alone, strict=True):
        for name in ("food", "price"):
            assert one.probabilities[name] == pytest.approx(other.probabilities[name], abs=1e-5)


def test_probabilities_are_those_of_whole_answers(model, tokenizer):
    # One label begins another, so an answer is only told by its end.
    writer = writer_of(SENTIMENT)
    prediction = next(predictor_of(model, tokenizer, SENTIMENT).predict(EXAMPLES[:1]))
    logs = [
        probability_of(model, tokenizer, writer, EXAMPLES[0], f"{label}<eos>") for label in SENTIMENT.labels
    ]
    expected = torch.tensor(logs, dtype=torch.float64).softmax(0).tolist()
    assert list(prediction.probabilities[""]) == list(SENTIMENT.labels)
    assert list(prediction.probabilities[""].values()) == pytest.approx(expected, abs=1e-5)


def test_trained_prefixes_take_the_plain_way_to_the_same_numbers(prefix_tuned, tokenizer):
    writer = writer_of(SENTIMENT)
    prediction = next(predictor_of(prefix_tuned, tokenizer, SENTIMENT).predict(EXAMPLES[:1]))
    logs = [
        probability_of(prefix_tuned, tokenizer, writer, EXAMPLES[0], f"{x}<eos>") for x in SENTIMENT.labels
    ]
    expected = torch.tensor(logs, dtype=torch.float64).softmax(0).tolist()
    assert list(prediction.probabilities[""].values()) == pytest.approx(expected, abs=1e-5)


def test_an_aspect_is_scored_given_the_aspects_before_it(llama, tokenizer):
    writer = writer_of(ASPECTS)
    prediction = next(predictor_of(llama, tokenizer, ASPECTS, decode="score").predict(EXAMPLES[:1]))
    chosen = {name: max(scores, key=scores.get) for name, scores in prediction.probabilities.items()}
    words = (*ASPECTS.labels, ASPECTS.unmentioned)
    first = f"food: {chosen['food']}\n"
    logs = [
        probability_of(llama, tokenizer, writer, EXAMPLES[0], f"{first}price: {word}<eos>") for word in words
    ]
    expected = torch.tensor(logs, dtype=torch.float64).softmax(0).tolist()
    assert [prediction.probabilities["price"][word] for word in words] == pytest.approx(expected, abs=1e-5)
    assert prediction.value == {k: v for k, v in chosen.items() if v != ASPECTS.unmentioned}
    assert prediction.text == ""
    least = min(prediction.probabilities[name][label] for name, label in chosen.items())
    assert prediction.confidence == pytest.approx(least)


def test_a_model_without_4d_masks_is_scored_the_plain_way(llama, tokenizer, monkeypatch):
    expected = next(predictor_of(llama, tokenizer, ASPECTS).predict(EXAMPLES[:1])).probabilities
    forward = llama.forward

    def causal_only(*args, attention_mask=None, position_ids=None, **kwargs):
        if attention_mask is not None and attention_mask.dim() == 4:
            attention_mask = None
        return forward(*args, attention_mask=attention_mask, position_ids=position_ids, **kwargs)

    causal_only.__signature__ = __import__("inspect").signature(forward)
    monkeypatch.setattr(llama, "forward", causal_only)
    got = next(predictor_of(llama, tokenizer, ASPECTS).predict(EXAMPLES[:1])).probabilities
    for name in ASPECTS.aspects:
        assert got[name] == pytest.approx(expected[name], abs=1e-5)


def test_a_prompt_is_read_once_for_text_and_probabilities(llama, tokenizer):
    predictor = predictor_of(llama, tokenizer, ASPECTS)
    list(predictor.predict(EXAMPLES))  # finds out what the model can do
    widths = []
    llama.model.register_forward_pre_hook(
        lambda _, args, given: widths.append(given["input_ids"].shape[1]), with_kwargs=True
    )
    prompts = [len(encode(predictor._writer.prompt(item), tokenizer).input_ids) for item in EXAMPLES]
    list(predictor.predict(EXAMPLES, batch_size=len(EXAMPLES)))
    assert [width for width in widths if width >= min(prompts)] == [max(prompts)]


def test_random_text_is_read_as_format_errors_without_a_value(llama, tokenizer):
    task = Classification(labels=("好评", "差评"), language="zh")
    predictions = list(predictor_of(llama, tokenizer, task).predict(EXAMPLES))
    assert all(item.format_errors and item.value == "" and item.confidence is None for item in predictions)


def test_open_tasks_have_the_tokens_probability(llama, tokenizer):
    prediction = next(predictor_of(llama, tokenizer, Generation(), max_new_tokens=5).predict(EXAMPLES[:1]))
    assert prediction.probabilities == {}
    assert prediction.value == prediction.text != ""
    assert prediction.confidence is not None
    assert 0 < prediction.confidence <= 1


def test_long_inputs_are_cut_so_that_the_answer_fits(llama, tokenizer):
    predictor = Predictor(llama, tokenizer, writer_of(SENTIMENT), SENTIMENT, max_length=200)
    long = Example("long", "the food was " * 400)
    assert next(predictor.predict([long])).text


@pytest.mark.parametrize(
    ("task", "options"),
    [(Extraction(types=("ORG",)), {}), (ASPECTS, {"unmentioned": "omit"}), (Generation(), {})],
)
def test_scoring_instead_of_generating_needs_a_place_for_each_label(llama, tokenizer, task, options):
    with pytest.raises(UserError):
        predictor_of(llama, tokenizer, task, writer_of(task, **options), decode="score")


def test_answer_tokens_hold_the_longest_answer(tokenizer):
    writer = writer_of(ASPECTS)
    longest = Example("x", "x", {})  # "not mentioned" twice is longer than any labels
    written = "".join(item.text for item in writer.sample(longest).segments if item.side == "answer")
    assert "not mentioned" in written
    assert answer_tokens(writer, tokenizer, ASPECTS) > len(tokenizer(written)["input_ids"])


def test_answer_tokens_of_open_tasks_come_from_training_answers(tokenizer):
    task = Generation()
    answers = [Example("x", "x", "food " * 300), Example("y", "x", "food")]
    tokens = len(tokenizer("food " * 300)["input_ids"])
    assert tokens < answer_tokens(writer_of(task), tokenizer, task, answers) < 1.4 * tokens
