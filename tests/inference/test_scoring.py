import inspect

import pytest
import torch

from luthier.design import Candidates
from luthier.inference import LabelScorer
from luthier.inference.generation import generate
from luthier.inference.scoring import Question, packed_scores, plain_scores

QUESTIONS = [
    Question([5, 9, 17, 30], [[40, 41], [40, 42, 43], [50]]),
    Question([7] * 23, [[60, 61, 62, 63], [60, 61, 70, 71, 72], [60, 8, 9], [33, 34]]),
    Question([11], [[12], [13]]),
]

WINDOWED = [[5, 9, 17], [7, 8] * 12, [11, 30], list(range(20, 50))]
"""Prompts below and far above a window of 8 tokens."""


def by_definition(model, question):
    """One forward for each continuation, no padding, no batch."""
    scores = []
    for ids in question.continuations:
        row = torch.tensor([[*question.prompt, *ids]])
        with torch.no_grad():
            logs = model(row).logits[0].log_softmax(-1)
        start = len(question.prompt)
        scores.append([float(logs[start - 1 + at, id_]) for at, id_ in enumerate(ids)])
    return scores


@pytest.mark.parametrize("score", [plain_scores, packed_scores])
def test_scores_equal_one_forward_a_continuation(model, score):
    for question, got in zip(QUESTIONS, score(model, QUESTIONS, 0), strict=True):
        for line, expected in zip(got, by_definition(model, question), strict=True):
            assert line == pytest.approx(expected, abs=1e-5)


def read(model, questions):
    """The keys of the questions' prompts, from generation in one padded batch with a stranger in it."""
    prompts = [[99] * 30, *(question.prompt for question in questions)]
    keys = generate(model, prompts, stop=[1], pad=0, max_new_tokens=5)[1]
    return [Question(q.prompt, q.continuations, row) for row, q in enumerate(questions, 1)], keys


def test_scores_behind_keys_that_were_read_before_are_the_same(model):
    questions, keys = read(model, QUESTIONS)
    with torch.inference_mode():
        for batch in (questions, questions[::-1], questions[1:2]):
            for question, got in zip(batch, packed_scores(model, batch, 0, keys), strict=True):
                for line, expected in zip(got, by_definition(model, question), strict=True):
                    assert line == pytest.approx(expected, abs=1e-5)


def test_a_cache_that_forgets_gives_no_keys(sliding):
    assert generate(sliding, [[5, 9], [7]], stop=[1], pad=0, max_new_tokens=3)[1] is not None
    assert generate(sliding, [[5, 9], [7] * 9], stop=[1], pad=0, max_new_tokens=3)[1] is None
    assert generate(sliding, [[5, 9], [7]], stop=[], pad=0, max_new_tokens=9)[1] is None


@pytest.mark.parametrize("score", [plain_scores, packed_scores])
def test_padding_reads_nothing(llama, score):
    assert score(llama, QUESTIONS, 0)[0][1] == pytest.approx(score(llama, QUESTIONS, 3)[0][1], abs=1e-6)


def test_plain_scores_see_trained_prefixes(prefix_tuned):
    for question, got in zip(QUESTIONS, plain_scores(prefix_tuned, QUESTIONS, 0), strict=True):
        for line, expected in zip(got, by_definition(prefix_tuned, question), strict=True):
            assert line == pytest.approx(expected, abs=1e-5)
    base = plain_scores(prefix_tuned.get_base_model(), QUESTIONS, 0)
    assert base[0][0] != pytest.approx(plain_scores(prefix_tuned, QUESTIONS, 0)[0][0], abs=1e-2)


def test_a_window_shorter_than_a_prompt_is_seen_by_every_question(sliding, tokenizer):
    """A 4D mask takes the place of the window; the first question is short enough not to notice."""
    answers = {"yes": "positive food", "no": "negative price"}
    candidates = [{"": Candidates("", answers)}] * len(WINDOWED)
    got = LabelScorer(sliding, tokenizer).score(WINDOWED, candidates)
    rows = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in answers.values()]
    for prompt, scores in zip(WINDOWED, got, strict=True):
        logs = [sum(line) for line in by_definition(sliding, Question(prompt, rows))]
        assert list(scores[""].values()) == pytest.approx(torch.tensor(logs).softmax(0).tolist(), abs=1e-5)


def test_short_questions_are_packed_in_a_model_with_a_window(sliding, tokenizer, monkeypatch):
    packed = []

    def noted(model, questions, *rest):
        packed.extend(len(question.prompt) for question in questions)
        return packed_scores(model, questions, *rest)

    monkeypatch.setattr("luthier.inference.scorer.packed_scores", noted)
    candidates = [{"": Candidates("", {"yes": "a", "no": "b"})}] * len(WINDOWED)
    LabelScorer(sliding, tokenizer).score(WINDOWED, candidates)
    assert set(packed) == {2, 3}


def test_a_longer_question_than_any_tried_is_tried_again(llama, tokenizer, monkeypatch):
    """A window that the config does not name shows only in long prompts."""
    forward = llama.forward

    def windowed(*args, attention_mask=None, **kwargs):
        if attention_mask.dim() == 2:
            width = attention_mask.shape[1]
            near = torch.ones(width, width, dtype=torch.bool).tril().triu(-7)
            attention_mask = torch.zeros(1, 1, width, width).masked_fill(~near, -1e9)
            attention_mask = attention_mask.expand(len(kwargs["input_ids"]), -1, -1, -1)
        return forward(*args, attention_mask=attention_mask, **kwargs)

    windowed.__signature__ = inspect.signature(forward)
    monkeypatch.setattr(llama, "forward", windowed)
    scorer = LabelScorer(llama, tokenizer)
    options = {"yes": "positive food", "no": "negative price"}
    for prompt in WINDOWED:
        got = scorer.score([prompt], [{"": Candidates("", options)}])[0][""]
        rows = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in options.values()]
        scores = plain_scores(llama, [Question(prompt, rows)], 0)[0]
        expected = torch.tensor([sum(line) for line in scores]).softmax(0).tolist()
        assert list(got.values()) == pytest.approx(expected, abs=1e-5)


def test_plain_batches_are_bounded_although_prompts_differ_in_length(llama, tokenizer, monkeypatch):
    seen = []

    def noted(model, questions, pad):
        rows = sum(len(question.continuations) for question in questions)
        width = max(question.longest for question in questions) - min(len(q.prompt) for q in questions)
        seen.append(rows * width * len(tokenizer))
        return plain_scores(model, questions, pad)

    monkeypatch.setattr("luthier.inference.scorer.plain_scores", noted)
    monkeypatch.setattr(LabelScorer, "_try_packing", lambda *_: False)
    monkeypatch.setattr("luthier.inference.scorer._NUMBERS", 8 * 20_000)
    prompts = [[7] * 100, [7] * 90, [7] * 10, [7] * 4]
    LabelScorer(llama, tokenizer).score(prompts, [{"": Candidates("", {"yes": "a", "no": "b"})}] * 4)
    assert max(seen) <= 20_000


def test_options_are_scored_in_one_row_under_autocast_too(llama, tokenizer, monkeypatch):
    """As at every evaluation of a training in bfloat16; plain scoring reads a prompt for every option."""
    calls = []
    monkeypatch.setattr(
        "luthier.inference.scorer.plain_scores", lambda *args: calls.append(args[1]) or plain_scores(*args)
    )
    monkeypatch.setattr("luthier.inference.agreement._TOLERANCE", {4: 0.0, 2: 0.1})
    monkeypatch.setattr(llama, "forward", torch.autocast("cpu", torch.bfloat16)(llama.forward))
    prompts = [[7, 8, 9, 10 + number] for number in range(3)]
    _, keys = generate(llama, prompts, stop=[0], pad=0, max_new_tokens=2)
    candidates = [{"": Candidates("", {"yes": "positive food", "no": "negative price"})}] * 3
    LabelScorer(llama, tokenizer).score(prompts, candidates, keys)
    assert [len(questions) for questions in calls] == [1]
