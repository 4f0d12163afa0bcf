"""The documents say what is true: generated tables, links, commands, options, recipes and Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from ruamel.yaml import YAML
from tests.docs.blocks import DOCS, PAGES, block_names, fill
from tests.docs.command_tables import commands, options
from tests.docs.markdown import fences, without_fences

from luthier.cli import app
from luthier.experiment.recipe import Recipe
from luthier.training.pretraining import Pretraining

ROOT = DOCS.parent
DOCUMENTS = [
    *sorted(DOCS.glob("*.md")),
    *(ROOT / name for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md")),
    *sorted(ROOT.glob("examples/**/README.md")),
]
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!https?:)(?P<file>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
_COMMAND = re.compile(r"\bluthier (?P<name>[a-z][a-z-]*)(?P<rest>[^`\n#|]*)")
every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


@pytest.mark.parametrize("name", PAGES)
def test_generated_tables_are_those_of_the_code(name):
    page, tables = (DOCS / name).read_text(encoding="utf-8"), PAGES[name]()
    assert sorted(block_names(page)) == sorted(tables), "a table is missing, or there is one too many"
    assert fill(page, tables) == page, "write them anew: python -m tests.docs.blocks"


def test_a_changed_table_is_noticed():
    page = (DOCS / "recipe.md").read_text(encoding="utf-8")
    spoilt = page.replace("| `rank` | whole number from 1 | `8` |", "| `rank` | whole number from 1 | `16` |")
    assert spoilt != page
    assert fill(spoilt, PAGES["recipe.md"]()) == page


@every_document
def test_links_lead_somewhere(path):
    text = without_fences(path.read_text(encoding="utf-8"))
    dead = []
    for match in _LINK.finditer(text):
        target = (path.parent / match["file"]).resolve() if match["file"] else path
        if not target.exists() or (match["anchor"] and match["anchor"] not in anchors(target)):
            dead.append(match[0])
    assert dead == []


def anchors(path: Path) -> set[str]:
    """Returns the anchors that a Markdown page has by its headings, as GitHub makes them."""
    text = without_fences(path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@every_document
def test_commands_and_their_options_exist(path):
    known = commands()
    for name, rest in mentioned(path.read_text(encoding="utf-8")):
        assert name in known, f"there is no command `luthier {name}`"
        unknown = set(re.findall(r"(?<=\s)--[a-z-]+", rest)) - options(known[name])
        assert not unknown, f"`luthier {name}` has no {unknown}"


def mentioned(text: str) -> Iterator[tuple[str, str]]:
    """Yields commands with what follows them: in blocks of code, and in code inside a line."""
    code = [fence.text for fence in fences(text) if fence.info.split(" ")[0] in ("bash", "")]
    code += re.findall(r"`([^`\n]+)`", without_fences(text))
    for piece in code:
        for line in piece.splitlines():
            at_start = re.match(r'\s*(?:\$ |echo "[^"]*" \| )?(?=luthier [a-z])', line)
            match = _COMMAND.search(line) if at_start else None
            if match:
                yield match["name"], match["rest"]


def yaml_blocks(text: str) -> Iterator[str]:
    """Yields the blocks of YAML; alternatives in one stand between lines that say `# or`."""
    for fence in fences(text, "yaml"):
        yield from re.split(r"^# or$", fence.text, flags=re.MULTILINE)


def test_every_command_has_a_chapter():
    chapters = re.findall(
        r"^## luthier (\S+)$", (DOCS / "commands.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert chapters == [item.name for item in app.registered_commands]


@every_document
def test_recipes_and_sections_of_recipes_are_valid(path):
    for block in yaml_blocks(path.read_text(encoding="utf-8")):
        values = YAML(typ="safe").load(block)
        if isinstance(values, dict) and "sources" in values:
            Pretraining.model_validate(values)
            continue
        if not isinstance(values, dict) or not values.keys() <= Recipe.model_fields.keys():
            continue
        if {"task", "data"} <= values.keys():
            Recipe.model_validate(values)
        else:
            for key, value in values.items():
                field = Recipe.model_fields[key]
                annotation: Any = field.rebuild_annotation() if field.metadata else field.annotation
                TypeAdapter(annotation).validate_python(value)


@every_document
def test_what_is_imported_from_luthier_exists(path):
    for fence in fences(path.read_text(encoding="utf-8")):
        for module, names in re.findall(r"^from (luthier[\w.]*) import (.+)$", fence.text, re.MULTILINE):
            for name in names.split(","):
                assert hasattr(import_module(module), name.strip()), f"{module} has no {name.strip()}"
