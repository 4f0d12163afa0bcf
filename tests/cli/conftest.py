"""A folder with a small recipe, the command line called in-process, and one finished run for all tests."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.experiment.conftest import model_folder, reviews, write_jsonl

from luthier import api
from luthier.cli import main

__all__ = ["model_folder"]

RECIPE = """\
task:
  type: aspects
  aspects: [food, price]
data:
  train: train.jsonl
  validation: 0.2
  test:
    id: test.jsonl
    ood: {path: ood.jsonl, aspects: [noise]}
design:
  strategy: es-sde
  format: lines
model: MODEL
method:
  type: lora
  rank: 4
training:
  steps: 2
  batch_size: 4
evaluation:
  baselines: [majority]
  bootstrap: 20
output: run
seed: 0
"""


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


Luthier = Callable[..., Said]


def furnish(folder: Path, model: Path) -> Path:
    write_jsonl(folder / "train.jsonl", reviews("train", 20))
    write_jsonl(folder / "test.jsonl", reviews("test", 6))
    ood = [
        {"id": f"ood-{n}", "text": f"Song {n}: so loud", "aspects": {"noise": "negative"}} for n in range(4)
    ]
    write_jsonl(folder / "ood.jsonl", ood)
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE.replace("MODEL", str(model)), encoding="utf-8")
    return recipe


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    return api.run(furnish(folder, model_folder), output=folder / "run").path


@pytest.fixture
def recipe(tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`recipe.yaml` in the working directory, with its data beside it."""
    monkeypatch.chdir(tmp_path)
    furnish(tmp_path, model_folder)
    return Path("recipe.yaml")


@pytest.fixture
def luthier(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Luthier]:
    """Calls the command line as the console script does."""
    logger = logging.getLogger("luthier")
    before = logger.handlers, logger.level, logger.propagate

    def call(*arguments: str | Path, stdin: str = "") -> Said:
        monkeypatch.setattr(sys, "argv", ["luthier", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Said(int(ended.value.code or 0), printed.out, printed.err)

    yield call
    logger.handlers, logger.level, logger.propagate = before
