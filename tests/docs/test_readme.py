"""The README's tour works: both languages show the same one, and every line of it runs, on fewer records."""

from __future__ import annotations

import logging
import re
import shlex
from pathlib import Path

import pytest
from tests.docs.markdown import fences
from typer.testing import CliRunner

from luthier.cli import app

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "README.zh-CN.md")
RECORDS = {"train.jsonl": 40, "test.jsonl": 8}
"""How many records of each example file the tour runs on here."""

_LINE = re.compile(r'(?:echo "(?P<said>[^"]*)" \| )?luthier (?P<arguments>.*)')


def tour(page: str, language: str) -> str:
    (fence,) = fences((ROOT / page).read_text(encoding="utf-8"), f"{language} tour")
    return fence.text


def lines(page: str) -> list[str]:
    return [line for line in tour(page, "bash").splitlines() if line and not line.startswith("#")]


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A folder that looks like a clone, its ticket files cut short."""
    folder = tmp_path / "examples" / "support_tickets"
    folder.mkdir(parents=True)
    for name, count in RECORDS.items():
        source = ROOT / "examples" / "support_tickets" / name
        kept = source.read_text(encoding="utf-8").splitlines(keepends=True)[:count]
        (folder / name).write_text("".join(kept), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    logger = logging.getLogger("luthier")
    before = logger.handlers, logger.level, logger.propagate
    yield tmp_path
    logger.handlers, logger.level, logger.propagate = before


def luthier(line: str) -> str:
    """Runs one line of the tour and returns what it printed."""
    match = _LINE.fullmatch(line)
    assert match, f"not a line that this test can run: {line}"
    result = CliRunner().invoke(app, shlex.split(match["arguments"]), input=match["said"])
    assert result.exit_code == 0, f"{line}\n{result.output}\n{result.exception!r}"
    return result.stdout


def test_both_languages_show_the_same_tour():
    english, chinese = PAGES
    assert lines(english) == lines(chinese)
    assert tour(english, "python") == tour(chinese, "python")


@pytest.mark.slow
def test_the_tour_runs(clone):
    printed = {line: luthier(line) for line in lines("README.md")}
    by_command = {_LINE.fullmatch(line)["arguments"].split()[0]: text for line, text in printed.items()}
    assert "labels:" in (clone / "tickets.yaml").read_text(encoding="utf-8")
    assert "every sample ends with a supervised end token" in by_command["check"]
    assert "fine-tuned" in by_command["run"]
    assert "tfidf" in by_command["run"]
    assert '"confidence"' in by_command["predict"]
    assert "runs/full" in by_command["compare"]
    for run in ("lora", "full"):
        left = {path.name for path in (clone / "runs" / run).iterdir()}
        assert left == set(left_by_a_run("README.md")) == set(left_by_a_run("docs/run-folder.md"))


@pytest.mark.slow
def test_the_python_tour_runs(clone, capsys):
    names: dict[str, object] = {}
    exec(compile(tour("README.md", "python"), "README.md", "exec"), names)
    assert names["answer"].value in (*names["queues"], "")
    assert "{'value': " in capsys.readouterr().out


def left_by_a_run(page: str) -> list[str]:
    """Returns the names in the page's tree of a run's folder."""
    (tree,) = (
        fence for fence in fences((ROOT / page).read_text(encoding="utf-8")) if "runs/" in fence.text[:8]
    )
    return [line.split()[0].rstrip("/") for line in tree.text.splitlines()[1:]]
