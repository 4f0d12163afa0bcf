"""The beginning that prompts share (chat template, instruction, labels) is read once for all of them."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING

from luthier.inference.agreement import noted_precision
from luthier.inference.generation import Generated, base_model, generate, is_prompt_learning
from luthier.models.context import attention_span

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class SharedPrefix:
    """Finds out whether a model reads a shared beginning once and continues it as if it stood in every row.

    That is found out by trying: two prompts, the shortest and the longest of a batch, are continued both
    ways, and again for any longer one. A model that says otherwise reads every row whole for good. So do
    those that take no positions and may count places (ALiBi), trained prefixes and, as padding stands behind
    the beginning, sliding windows.
    """

    def __init__(self, model: PreTrainedModel, *, stop: Sequence[int], pad: int) -> None:
        self._model = model
        self._stop = tuple(stop)
        self._pad = pad
        takes_positions = "position_ids" in inspect.signature(base_model(model).forward).parameters
        self._reads = takes_positions and not is_prompt_learning(model) and attention_span(model) is None
        self._tried = 0

    def usable(self, prompts: Sequence[Sequence[int]], shared: int) -> int:
        """Returns `shared`, or 0 where the model must read these prompts whole."""
        longest = max(prompts, key=len)
        if shared and self._reads and len(longest) > self._tried:
            self._reads = self._agrees([longest, min(prompts, key=len)], shared)
            self._tried = len(longest)
        return shared if self._reads else 0

    def _agrees(self, prompts: Sequence[Sequence[int]], shared: int) -> bool:
        def written(tokens: int) -> list[Generated]:
            found, _ = generate(
                self._model, prompts, stop=self._stop, pad=self._pad, max_new_tokens=2, shared=tokens
            )
            return found

        with noted_precision(self._model) as agree:
            plain = written(0)
        try:
            read_once = written(shared)
        except (RuntimeError, TypeError, ValueError, IndexError, AttributeError):
            return False
        return all(
            len(one.probabilities) == len(other.probabilities)
            and all(map(agree, one.probabilities, other.probabilities))
            for one, other in zip(plain, read_once, strict=True)
        )
