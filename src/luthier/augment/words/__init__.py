"""Lists of words: what a negation is, and which words carry no content of their own."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def word_list(name: str) -> tuple[str, ...]:
    """Returns the words of a list, in its order.

    Args:
        name: Of a file beside this one, without its ending. Words stand between white space; a line that
            begins with `#` is a comment.
    """
    text = (resources.files(__name__) / f"{name}.txt").read_text(encoding="utf-8")
    return tuple(word for line in text.splitlines() if not line.startswith("#") for word in line.split())
