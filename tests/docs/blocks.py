"""Generated blocks of the documentation; `python -m tests.docs.blocks` writes them all.

A block stands between `<!-- generated: NAME -->` and `<!-- end -->`; everything else is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.docs.command_tables import command_tables
from tests.docs.recipe_tables import pretraining_tables, recipe_tables

DOCS = Path(__file__).parents[2] / "docs"
PAGES: Mapping[str, Callable[[], Mapping[str, str]]] = {
    "recipe.md": recipe_tables,
    "commands.md": command_tables,
    "pretraining.md": pretraining_tables,
}
"""Page to what makes its blocks."""

_BLOCK = re.compile(r"(<!-- generated: (?P<name>[\w.-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def block_names(page: str) -> list[str]:
    """Returns the blocks that a page has, in its order."""
    return [match["name"] for match in _BLOCK.finditer(page)]


def fill(page: str, tables: Mapping[str, str]) -> str:
    """Returns the page with every generated block as it should be."""
    return _BLOCK.sub(lambda match: match[1] + tables[match["name"]] + match[3], page)


if __name__ == "__main__":
    for name, tables in PAGES.items():
        path = DOCS / name
        path.write_text(fill(path.read_text(encoding="utf-8"), tables()), encoding="utf-8")
