"""Answers are read strictly: what is right, what is wrong, what is not in the form asked for."""

from itertools import islice
from types import SimpleNamespace

import pytest
import torch

from luthier.models import Encoder, token_ids
from luthier.training.pretraining.instruct.measure import answer_all
from luthier.training.pretraining.instruct.result import compare_answers


class Parrot:
    """A model that knows what to say to each prompt."""

    device = torch.device("cpu")

    def __init__(self, said):
        self.said, self.training = said, True
        self.generation_config = SimpleNamespace(do_sample=True)

    def eval(self):
        self.training = False

    def train(self, mode):
        self.training = mode

    def generate(self, input_ids, attention_mask, generation_config):
        assert not self.training
        assert not self.generation_config.do_sample
        prompts = [
            tuple(row[mask.bool()].tolist()) for row, mask in zip(input_ids, attention_mask, strict=True)
        ]
        answers = [self.said[prompt][: generation_config.max_new_tokens] for prompt in prompts]
        width = max(map(len, answers))
        padded = [ids + [generation_config.pad_token_id] * (width - len(ids)) for ids in answers]
        return torch.cat([input_ids, torch.tensor(padded)], dim=1)


@pytest.fixture(scope="module")
def items(maker, material):
    kinds = ("has_number", "fields", "copy", "places")
    return [item for kind in kinds for item in islice(maker.make(kind, material, "zh", "5"), 6)]


def parrot(items, tokenizer, answer):
    encoder = Encoder(tokenizer)
    return Parrot(
        {
            tuple(encoder(item.writer.prompt(item.example)).input_ids): [
                *token_ids(tokenizer, answer(item), literal=True),
                tokenizer.eos_token_id,
            ]
            for item in items
        }
    )


def test_right_answers_are_right(items, tokenizer):
    model = parrot(items, tokenizer, lambda item: item.to_row()["answer"])
    answered = answer_all(model, tokenizer, items)
    assert [item.instruction for item in answered] == items
    assert all(item.right and not item.malformed for item in answered)
    assert model.training
    assert model.generation_config.do_sample


def test_chatter_is_malformed_and_never_right(items, tokenizer):
    closed = [item for item in items if item.kind != "copy"]
    answered = answer_all(
        parrot(closed, tokenizer, lambda _: "我不知道你在说什么，再说一遍吧。"), tokenizer, closed
    )
    assert not any(item.right for item in answered)
    assert all(item.malformed for item in answered)


def test_a_wrong_answer_in_the_right_form_is_wrong_and_well_formed(items, tokenizer):
    asked = [item for item in items if item.kind == "has_number"]

    def other(item):
        wrong = next(label for label in item.writer.task.labels if label != item.example.target)
        example = type(item.example)(item.example.id, item.example.text, wrong)
        return "".join(part.text for part in item.writer.sample(example).segments if part.role == "answer")

    answered = answer_all(parrot(asked, tokenizer, other), tokenizer, asked)
    assert not any(item.right or item.malformed for item in answered)
    after = answer_all(parrot(asked, tokenizer, lambda item: item.to_row()["answer"]), tokenizer, asked)
    result = compare_answers(9, answered, after)
    assert (result.examples, result.held_out) == (9, 6)
    assert (result.accuracy_before, result.accuracy_after) == (0, 1)
    assert (result.format_errors_before, result.format_errors_after) == (0, 0)


def test_without_held_out_examples_nothing_is_claimed():
    assert compare_answers(3, [], []).accuracy_after is None
