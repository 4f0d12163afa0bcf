from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from tests.models import tiny
from tests.training.rows import rows

from luthier.errors import UserError
from luthier.methods import PTuningV2
from luthier.training import TrainingOptions, batch_size, max_length
from luthier.training.arguments import total_steps
from luthier.training.sampler import steps_per_epoch


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_size": 0},
        {"learning_rate": -1e-4},
        {"max_length": 0},
        {"evaluate_every": 0},
        {"epochs": 2, "steps": 10},
        {"save_total_limit": 0},
        {"report_to": ["comet"]},
        {"label_smoothing": 0.1},
        {"batch_tokens": 0},
        {"batch_tokens": 4096, "batch_size": 8},
        {"batch_tokens": 4096, "gradient_accumulation": 2},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TrainingOptions.model_validate(wrong)


@pytest.mark.parametrize(
    ("count", "options", "steps"),
    [
        (100, {"epochs": 3, "batch_size": 8}, 3 * 13),
        (100, {"epochs": 3, "batch_size": 8, "gradient_accumulation": 2}, 3 * 7),
        (100, {"epochs": 0.5, "batch_size": 8}, 7),
        (100, {"steps": 5, "batch_size": 8}, 5),
    ],
)
def test_steps_follow_from_rows_and_batch(count: int, options: dict[str, Any], steps: int) -> None:
    given = TrainingOptions(**options)
    assert total_steps(steps_per_epoch(rows(count), given), given) == steps


def test_max_length_is_the_models_unless_said_and_never_more() -> None:
    model = PTuningV2(prompt_length=8).apply(tiny.model("llama"))
    assert max_length(model, TrainingOptions()) == 120
    assert max_length(model, TrainingOptions(max_length=50)) == 50
    with pytest.raises(UserError, match="reads 120 tokens"):
        max_length(model, TrainingOptions(max_length=121))


def test_batch_size_is_the_recipes_or_follows_the_rows() -> None:
    assert batch_size(rows(6), TrainingOptions(batch_size=3)) == 3
    assert batch_size(rows(6), TrainingOptions()) == 4
    assert batch_size(rows(6), TrainingOptions(batch_tokens=sum(rows(6)["length"]) // 2)) in (2, 3)
