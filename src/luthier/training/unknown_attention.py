"""What families may want of attention that no attention written here computes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

_UNKNOWN = ("softcap", "s_aux", "sinks", "head_mask")
"""Arguments by which some families change what attention computes."""


class UnknownAttentionError(RuntimeError):
    """A model wants of attention what is not computed here."""


def refuse_unknown(module: nn.Module, arguments: Mapping[str, Any]) -> None:
    """Refuses arguments of attention that would be ignored.

    Args:
        module: The attention layer, for the message.
        arguments: What the family passes beside queries, keys, values, mask, scaling and dropout.

    Raises:
        UnknownAttentionError: Where one of them changes the result.
    """
    wanted = [name for name in _UNKNOWN if arguments.get(name) is not None]
    if wanted:
        raise UnknownAttentionError(f"{type(module).__name__} wants {', '.join(wanted)}")
