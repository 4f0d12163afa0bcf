"""What generating did: how much was asked, kept and left out, and why it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Stopped = Literal["enough", "requests", "tokens", "nothing kept"]


@dataclass(frozen=True, slots=True)
class GenerateReport:
    """What generating did.

    Attributes:
        writer: Who wrote.
        wanted: New examples asked for.
        kept: New examples.
        requests: Requests answered, those of earlier calls included.
        answered_before: Of these, answered in an earlier call and read from the journal.
        tokens: Of all replies.
        labels: New examples by label, as `Task.strata` names them.
        left_out: Replies that were not kept, by reason.
        shown: By reason, the first few of them: request, reply, the piece that shows it.
        stopped: `enough` were kept, the `requests` or `tokens` allowed were used up, or `nothing kept` in
            many requests on end.
    """

    writer: str
    wanted: int
    kept: int
    requests: int
    answered_before: int
    tokens: int
    labels: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    shown: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    stopped: Stopped = "enough"

    def to_json(self) -> dict[str, Any]:
        """Returns the report as a JSON value."""
        return asdict(self)
