import pytest
import torch

from luthier.inference.scoring import Question, packed_scores, plain_scores

QUESTIONS = [
    Question([5, 9, 17, 30], [[40, 41], [40, 42, 43], [50]]),
    Question([7] * 23, [[60, 61, 62, 63], [60, 61, 70, 71, 72], [60, 8, 9], [33, 34]]),
    Question([11], [[12], [13]]),
]


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


@pytest.mark.parametrize("score", [plain_scores, packed_scores])
def test_padding_reads_nothing(llama, score):
    assert score(llama, QUESTIONS, 0)[0][1] == pytest.approx(score(llama, QUESTIONS, 3)[0][1], abs=1e-6)


def test_plain_scores_see_trained_prefixes(prefix_tuned):
    for question, got in zip(QUESTIONS, plain_scores(prefix_tuned, QUESTIONS, 0), strict=True):
        for line, expected in zip(got, by_definition(prefix_tuned, question), strict=True):
            assert line == pytest.approx(expected, abs=1e-5)
    base = plain_scores(prefix_tuned.get_base_model(), QUESTIONS, 0)
    assert base[0][0] != pytest.approx(plain_scores(prefix_tuned, QUESTIONS, 0)[0][0], abs=1e-2)
