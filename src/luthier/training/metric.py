"""Which validation metric chooses the best weights, and which way is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan

from luthier.errors import UserError
from luthier.text import nearest
from luthier.training.options import AUTO

LOWER_IS_BETTER = frozenset({"loss", "log_loss", "ece", "format_error_rate"})
PREFIX = "eval_"
"""What a Trainer puts before the name of a validation metric."""


def is_better(metric: str, value: float, best: float | None) -> bool:
    """Tells whether `value` beats `best` (None: nothing to beat yet). NaN beats nothing."""
    if isnan(value):
        return False
    if best is None:
        return True
    return value < best if metric in LOWER_IS_BETTER else value > best


def choose_metric(wanted: str, measured: Mapping[str, float]) -> str:
    """Returns the metric that decides.

    Args:
        wanted: A name, or `auto`: the first that was measured beside the loss, else the loss.
        measured: Metrics by name without prefix, `loss` among them where there are validation rows.

    Raises:
        UserError: Where nothing of that name was measured.
    """
    if wanted == AUTO:
        return next((name for name in measured if name != "loss"), "loss")
    if wanted in measured:
        return wanted
    guess = nearest(wanted, measured)
    raise UserError(
        f"early stopping looks at {wanted}, which is not measured on the validation set",
        (f"did you mean {guess}? " if guess else "") + f"measured: {', '.join(measured)}",
    )


def evaluations_without_best(metric: str, values: Sequence[float]) -> int:
    """Returns how many evaluations at the end of `values` brought no new best."""
    best, place = None, -1
    for index, value in enumerate(values):
        if is_better(metric, value, best):
            best, place = value, index
    return len(values) - 1 - place
