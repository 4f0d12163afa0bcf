"""`TokenTree`: several continuations of one prompt, their shared beginnings held once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

ROOT = -1
"""The parent of a continuation's first token: the prompt's last."""


@dataclass(slots=True)
class TokenTree:
    """A prefix tree of token sequences.

    Attributes:
        tokens: Token id of each node; a parent comes before its children.
        parents: Index of each node's parent, or `ROOT`.
        depths: Tokens between the prompt and each node: 0 for a first token.
    """

    tokens: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    _children: dict[tuple[int, int], int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.tokens)

    def add(self, ids: Sequence[int]) -> list[int]:
        """Adds a continuation; returns the node of each of its tokens."""
        path: list[int] = []
        parent = ROOT
        for depth, token in enumerate(ids):
            node = self._children.get((parent, token))
            if node is None:
                node = self._children[parent, token] = len(self.tokens)
                self.tokens.append(token)
                self.parents.append(parent)
                self.depths.append(depth)
            path.append(node)
            parent = node
        return path

    def ancestors(self) -> list[list[int]]:
        """Returns, for each node, itself and every node before it on its way from the prompt."""
        lines: list[list[int]] = []
        for node, parent in enumerate(self.parents):
            lines.append([node] if parent == ROOT else [*lines[parent], node])
        return lines


def shared_length(sequences: Sequence[Sequence[int]]) -> int:
    """Returns how many first tokens all sequences have in common."""
    ordered = sorted(map(tuple, sequences))
    # What the least and the greatest share, all between them share too.
    first, last = ordered[0], ordered[-1]
    pairs = zip(first, last, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(first), len(last)))
