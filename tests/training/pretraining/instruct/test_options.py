"""The recipe's `instruct` section."""

from typing import get_args

import pytest
from pydantic import ValidationError

from luthier.training.pretraining import Pretraining
from luthier.training.pretraining.instruct import Instruct
from luthier.training.pretraining.instruct.kinds import KINDS
from luthier.training.pretraining.instruct.options import KindName


def test_the_options_name_every_kind():
    assert sorted(get_args(KindName)) == sorted(KINDS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kinds": ["copy", "copy"]},
        {"kinds": ["sing"]},
        {"replay": 1},
        {"learning_rate": 0},
        {"batch_size": -1},
        {"examples": 0},
        {"unknown": 1},
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        Instruct.model_validate(wrong)


def test_it_reads_back_its_own_dump():
    options = Instruct(kinds=("copy", "fields"), replay=0.5)
    assert Instruct.model_validate(options.model_dump(mode="json")) == options


def test_a_pretraining_recipe_may_have_it():
    recipe = {"sources": [{"path": "a.jsonl"}], "instruct": {"examples": 5}}
    assert Pretraining.model_validate(recipe).instruct == Instruct(examples=5)
    assert Pretraining.model_validate({"sources": recipe["sources"]}).instruct is None


def test_a_new_model_must_be_able_to_read_the_examples():
    with pytest.raises(ValidationError, match=r"instruct.max_length must not exceed max_positions"):
        Pretraining.model_validate(
            {
                "sources": [{"path": "a.jsonl"}],
                "architecture": {"max_positions": 512},
                "instruct": {"max_length": 1024},
            }
        )
