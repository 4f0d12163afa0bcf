from __future__ import annotations

import math

import pytest

from luthier.errors import UserError
from luthier.training.metric import choose_metric, evaluations_without_best, is_better


def test_losses_and_error_rates_are_better_lower_everything_else_higher() -> None:
    for lower in ("loss", "log_loss", "ece", "format_error_rate"):
        assert is_better(lower, 0.1, 0.2)
        assert not is_better(lower, 0.2, 0.2)
    assert is_better("kappa", 0.3, 0.2)
    assert is_better("kappa", -1.0, None)
    assert not is_better("kappa", math.nan, None)


def test_auto_is_the_first_measured_metric_else_the_loss() -> None:
    assert choose_metric("auto", {"loss": 1.0, "kappa": 0.5, "accuracy": 0.1}) == "kappa"
    assert choose_metric("auto", {"loss": 1.0}) == "loss"
    assert choose_metric("loss", {"loss": 1.0, "kappa": 0.5}) == "loss"


def test_an_unmeasured_metric_is_refused_with_the_nearest() -> None:
    with pytest.raises(UserError, match="not measured") as caught:
        choose_metric("kapa", {"loss": 1.0, "kappa": 0.5})
    assert "did you mean kappa" in caught.value.hint


def test_patience_counts_from_the_best() -> None:
    assert evaluations_without_best("loss", [3.0, 2.0, 2.5, 2.0]) == 2
    assert evaluations_without_best("kappa", [0.1, 0.2]) == 0
