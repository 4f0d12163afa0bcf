"""`luthier generate`: files in and out, going on, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Luthier
from tests.generation.served import obedient_server


def test_new_records_can_be_read_as_training_data_and_the_command_goes_on(
    recipe: Path, luthier: Luthier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with obedient_server() as (url, asked):
        common = [
            "generate",
            "train.jsonl",
            "--task",
            recipe,
            "--output",
            "new.jsonl",
            "--avoid",
            "test.jsonl",
        ]
        common += ["--url", url, "--model", "m", "--set", "generate.max_characters=500", "--json"]
        first = luthier(*common, "--examples", 4, "--report", "report.json")
        assert first.code == 0, first.err
        assert json.loads(first.out)["kept"] == 4 == len(Path("new.jsonl").read_text().splitlines())
        assert json.loads(Path("report.json").read_text())["requests"] == len(asked) == 4
        more = luthier(*common, "--examples", 6)
        assert json.loads(more.out)["answered_before"] == 4
        assert len(asked) == 6
    checked = luthier("check", recipe, "--set", "data.train=new.jsonl", "--set", "data.validation=0.5")
    assert checked.code == 0, checked.err


def test_a_model_here_writes_and_a_report_says_what_was_left_out(
    recipe: Path, model_folder: Path, luthier: Luthier
) -> None:
    said = luthier(
        "generate", "train.jsonl", "--task", recipe, "--output", "new.jsonl", "--model", model_folder,
        "--set", "generate.max_requests=3", "--set", "generate.reply_tokens=8", "--set", "generate.shown=1",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert "left out" in said.out
    assert "max_requests goes on" in said.err
    assert Path("new.jsonl").read_text() == ""


def test_what_stands_there_is_not_overwritten_and_half_an_address_is_refused(
    recipe: Path, luthier: Luthier
) -> None:
    Path("new.jsonl").write_text("mine\n")
    common = ["generate", "train.jsonl", "--task", recipe, "--output"]
    said = luthier(*common, "new.jsonl")
    assert (said.code, "does not overwrite" in said.err) == (2, True)
    assert Path("new.jsonl").read_text() == "mine\n"
    said = luthier(*common, "other.jsonl", "--url", "http://localhost:1/v1")
    assert (said.code, "--model" in said.err) == (2, True)
    said = luthier(*common, "other.jsonl", "--url", "localhost", "--model", "m")
    assert (said.code, "http or https" in said.err) == (2, True)
