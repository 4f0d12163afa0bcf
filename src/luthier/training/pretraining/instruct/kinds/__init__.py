"""The kinds of instructions that plain text answers by itself: one module a family of them."""

from __future__ import annotations

from collections.abc import Mapping

from luthier.training.pretraining.instruct.kinds import choosing, copying, finding, judging, placing, writing
from luthier.training.pretraining.instruct.kinds.draft import Draft, Kind

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for module in (copying, writing, finding, placing, choosing, judging)
    for kind in module.KINDS
}
"""Every kind by its name."""

__all__ = ["KINDS", "Draft", "Kind"]
