"""`luthier pretrain`: the command, and what it answers to what a newcomer does wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.cli.conftest import Luthier
from tests.cli.test_wrong_inputs import assert_helps
from tests.pretraining_runs import furnish


@pytest.fixture
def pretraining(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`pretrain.yaml` in the working directory, with its sources beside it."""
    monkeypatch.chdir(tmp_path)
    furnish(tmp_path)
    return Path("pretrain.yaml")


def test_from_scratch_and_on_from_there(pretraining: Path, luthier: Luthier) -> None:
    said = luthier("pretrain", pretraining)
    assert said.code == 0, said.err
    assert "Trained from scratch" in said.out
    assert "all zh" in said.out
    assert "dropped: 1 duplicate, 1 too short" in said.err
    assert Path("runs/micro/report.html").exists()
    changes = ["vocabulary=", "architecture=", "from=runs/micro/model", "sources=[{path: en.txt}]"]
    said = luthier(
        "pretrain",
        pretraining,
        "--json",
        "--output",
        "more",
        *[word for change in changes for word in ("--set", change)],
    )
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert found["model"] == "more/model"
    assert found["metrics"]["bits_per_byte"].keys() == {"en"}


def test_a_second_stage_teaches_instructions(pretraining: Path, luthier: Luthier) -> None:
    changes = ["optimisation.row_length=64", "architecture.max_positions=256"]
    changes.append(
        "instruct={examples: 40, max_length: 200, held_out: 0.3, kinds: [copy, reverse, has_number]}"
    )
    options = [word for change in changes for word in ("--set", change)]
    said = luthier("pretrain", pretraining, *options, "--json")
    assert said.code == 0, said.err
    stage = json.loads(said.out)["metrics"]["instruct"]
    assert stage["overall"]["examples"] == sum(kind["examples"] for kind in stage["kinds"].values())
    assert stage["bits_per_byte"].keys() == {"en", "zh"}
    assert 'id="instruct"' in Path("runs/micro/report.html").read_text("utf-8")


def test_schema(luthier: Luthier) -> None:
    properties = json.loads(luthier("schema", "--pretrain").out)["properties"]
    assert {"sources", "from", "cleaning"} <= properties.keys()
    assert "task" in json.loads(luthier("schema").out)["properties"]


class Wrong(NamedTuple):
    old: str
    new: str
    says: tuple[str, ...]


RECIPES = {
    "misspelt section": Wrong(
        "cleaning:", "cleanning:", ("pretrain.yaml:5: cleanning", "did you mean 'cleaning'?")
    ),
    "misspelt key": Wrong(
        "  warmup: 2", "  warm_up: 2", ("pretrain.yaml:21: optimisation.warm_up", "did you mean 'warmup'?")
    ),
    "misspelt key of a source": Wrong(
        "    column: content",
        "    colunm: content",
        ("pretrain.yaml:4: sources.1.colunm", "did you mean 'column'?"),
    ),
    "key in the wrong section": Wrong("seed: 0", "steps: 3", ("it belongs in `optimisation`",)),
    "share that is none": Wrong("share: 2", "share: 0", ("pretrain.yaml:2: sources.0.share", "above 0")),
    "language that is not known": Wrong(
        "share: 2", "language: fr", ("sources.0.language", "'fr' is not allowed", "en, zh")
    ),
    "unknown encoding": Wrong("share: 2", "encoding: utf9", ("sources.0", "encoding 'utf9' is not known")),
    "held-out share": Wrong("held_out: 0.1", "held_out: 10", ("pretrain.yaml:23: held_out", "below 1")),
    "no sources": Wrong(
        "  - {path: en.txt, share: 2}\n  - path: zh.jsonl\n    column: content\n",
        "  []\n",
        ("sources", "a list of at least 1"),
    ),
    "no such file": Wrong("en.txt", "eng.txt", ("pretrain.yaml:2: sources.0.path", "did you mean en.txt?")),
    "same name twice": Wrong("path: zh.jsonl", "path: en.jsonl", ("two sources have the same file name",)),
    "a base and a shape of its own": Wrong(
        "held_out: 0.1",
        "held_out: 0.1\nfrom: luthier/tiny",
        ("vocabulary contradicts `from`", "leave it out"),
    ),
    "a base that is not there": Wrong(
        "held_out: 0.1", "held_out: 0.1\nfrom: ./none", ("the model folder ./none does not exist",)
    ),
    "rows that do not divide": Wrong(
        "micro_rows: 2", "micro_rows: 3", ("rows must be a multiple of micro_rows",)
    ),
    "unknown column": Wrong("column: content", "column: text", ("zh.jsonl", "write `column: content`")),
    "not a text": Wrong("path: en.txt", "path: 3", ("sources.0.path", 'put it in quotes: "3"')),
}


@pytest.mark.parametrize("name", RECIPES)
def test_wrong_recipes(pretraining: Path, luthier: Luthier, name: str) -> None:
    wrong = RECIPES[name]
    text = pretraining.read_text("utf-8")
    assert wrong.old in text
    if name == "a base that is not there":
        head, rest = text.split("vocabulary:")
        text = head + rest[rest.index("optimisation:") :]
    pretraining.write_text(text.replace(wrong.old, wrong.new, 1), "utf-8")
    assert_helps(luthier("pretrain", pretraining), *wrong.says)


FILES = {
    "broken line": (
        "zh.jsonl",
        b'{"content": "a"}\n{"content": "b"\n',
        ("zh.jsonl:2: is not JSON", "breaks off"),
    ),
    "another encoding": (
        "en.txt",
        "这家餐厅的味道很好吃，服务员很热情。".encode("gb18030"),
        ("encoding: gb18030",),
    ),
    "empty": ("en.txt", b"", ("en.txt: is empty",)),
    "only blank lines": ("en.txt", b"\n \n", ("en.txt: holds no documents",)),
    "too little text": (
        "en.txt",
        b"This text is long enough to be kept.",
        ("less text than one row of 32 tokens",),
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_wrong_files(pretraining: Path, luthier: Luthier, name: str) -> None:
    file, content, says = FILES[name]
    Path(file).write_bytes(content)
    assert_helps(luthier("pretrain", pretraining), *says)


def test_a_recipe_that_is_not_there(pretraining: Path, luthier: Luthier) -> None:
    assert_helps(luthier("pretrain", "pretrian.yaml"), "There is no file", "Did you mean pretrain.yaml?")
    assert_helps(luthier("pretrain", "other"), "docs/pretraining.md")


def test_a_recipe_of_another_command(pretraining: Path, luthier: Luthier) -> None:
    Path("run.yaml").write_text("task: {type: generation}\ndata: {train: a.jsonl}\n")
    assert_helps(luthier("pretrain", "run.yaml"), "unknown key 'task'", "sources: is required but missing")
