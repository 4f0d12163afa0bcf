"""The recipe's `instruct` section."""

from typing import get_args

import pytest
from pydantic import ValidationError

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
