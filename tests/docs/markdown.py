"""Small helpers for Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```\s*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Fence:
    """A fenced block of code: `info` is what stands behind the opening fence."""

    info: str
    text: str


def fences(page: str, info: str | None = None) -> Iterator[Fence]:
    """Yields the fenced blocks of a page; with `info`, those that say exactly that."""
    for match in _FENCE.finditer(page):
        if info is None or match["info"].strip() == info:
            yield Fence(match["info"].strip(), match["text"])


def without_fences(page: str) -> str:
    """Returns the prose of a page."""
    return _FENCE.sub("", page)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Writes a table."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
