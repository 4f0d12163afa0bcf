"""Whether two ways of computing the same number agree: what a model can do is found out by trying."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_TOLERANCE = {4: 1e-3, 2: 0.1}
"""How far two ways may differ in a probability or its logarithm, by the bytes of a number."""


@contextmanager
def noted_precision(model: PreTrainedModel) -> Iterator[Callable[[float, float], bool]]:
    """Notes how precisely a model computes meanwhile; yields the judge of what differs no more than that.

    Under autocast that is less than the weights have, and than what the model returns may have: the output
    head tells.
    """
    sizes = [next(model.parameters()).element_size()]

    def agree(one: float, other: float) -> bool:
        tolerance = _TOLERANCE.get(min(sizes), 0.1)
        return math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)

    head = model.get_output_embeddings()
    if head is None:
        yield agree
        return
    with head.register_forward_hook(lambda _, __, output: sizes.append(output.element_size())):
        yield agree
