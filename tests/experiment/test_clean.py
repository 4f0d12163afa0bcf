"""`luthier clean` put together: what a task file says about records and rules, and where tokens come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.experiment.conftest import write_jsonl

import luthier
from luthier.data import CleanOptions
from luthier.errors import RecipeError, UserError

TASK = """\
task: {type: classification, labels: [good, bad]}
data:
  train: nowhere.jsonl
  columns: {text: review}
  clean: {min_characters: 3, max_tokens: 6}
training: {epochs: 7}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = [
        {"review": "so  so", "label": "good"},
        {"review": "ok", "label": "bad"},
        {"review": "a text of very many more words than six of them", "label": "bad"},
    ]
    Path("in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    Path("task.yaml").write_text(TASK, encoding="utf-8")
    return tmp_path


def texts(path: str) -> list[str]:
    return [json.loads(line)["text"] for line in Path(path).read_text("utf-8").splitlines()]


def test_columns_rules_and_the_models_tokens_come_from_the_task_file(folder: Path) -> None:
    report = luthier.clean("in.jsonl", "out.jsonl", task="task.yaml", report="r.json", rejects="x.jsonl")
    assert texts("out.jsonl") == ["so so"]
    assert report.cleaned.dropped == {"too short": 1, "too many tokens": 1}
    assert json.loads(Path("r.json").read_text("utf-8")) == json.loads(json.dumps(report.to_json()))
    reasons = [json.loads(line)["reason"] for line in Path("x.jsonl").read_text("utf-8").splitlines()]
    assert reasons == ["too short", "too many tokens"]


def test_rules_of_their_own_take_the_place_of_the_tasks(folder: Path) -> None:
    Path("rules.yaml").write_text("spaces: false\n", encoding="utf-8")
    luthier.clean("in.jsonl", "out.jsonl", task="task.yaml", rules="rules.yaml")
    assert texts("out.jsonl")[:2] == ["so  so", "ok"]
    luthier.clean("in.jsonl", "again.jsonl", task="task.yaml", rules=CleanOptions.model_validate("none"))
    assert texts("again.jsonl") == texts("out.jsonl")


@pytest.mark.parametrize(
    ("task", "rules", "words"),
    [
        (TASK.replace("clean:", "claen:"), "", "task.yaml:5: data.claen: .*did you mean 'clean'"),
        (TASK.replace("training:", "trainig:"), "", "task.yaml:6: trainig: .*did you mean 'training'"),
        (TASK, "spcaes: true\n", "rules.yaml(.|\n)*spcaes.*did you mean 'spaces'"),
        (TASK, "repeats: {kep: 2}\n", "rules.yaml:1: repeats.*kep.*did you mean 'keep'"),
        (TASK, "spaces: sometimes\n", "rules.yaml:1: spaces: .*allowed: true, false"),
    ],
)
def test_what_is_misspelt_is_told_with_its_line(folder: Path, task: str, rules: str, words: str) -> None:
    Path("task.yaml").write_text(task, encoding="utf-8")
    Path("rules.yaml").write_text(rules or "html: true\n", encoding="utf-8")
    with pytest.raises(RecipeError, match=words):
        luthier.clean("in.jsonl", "out.jsonl", task="task.yaml", rules="rules.yaml")


def test_missing_files_are_told(folder: Path) -> None:
    with pytest.raises(UserError, match=r"There is no file none.yaml"):
        luthier.clean("in.jsonl", "out.jsonl", task="none.yaml")
    with pytest.raises(UserError, match=r"There is no file none.yaml"):
        luthier.clean("in.jsonl", "out.jsonl", rules="none.yaml")


def test_wrong_labels_are_listed_decided_on_and_put_right(tmp_path: Path) -> None:
    task = tmp_path / "task.yaml"
    task.write_text("task: {type: classification, labels: [good, bad]}\n")
    words = {"good": ["lovely", "warm", "fresh"], "bad": ["cold", "stale", "rude"]}
    rows = [
        {"id": f"r-{number}", "text": f"{words[label][number % 3]} {dish} on day {number}", "label": label}
        for number, (label, dish) in enumerate(
            (label, dish) for dish in ("soup", "tea", "rice", "fish", "cake") for label in ("good", "bad") * 6
        )
    ]
    truth = {row["id"]: row["label"] for row in rows}
    flipped = {"r-7", "r-20", "r-41"}
    for row in rows:
        if row["id"] in flipped:
            row["label"] = "bad" if row["label"] == "good" else "good"
    source = write_jsonl(tmp_path / "reviews.jsonl", rows)
    listed = tmp_path / "wrong.jsonl"
    report = luthier.clean(source, tmp_path / "clean.jsonl", task=task, wrong_labels=listed)
    assert report.wrong_labels is not None
    assert report.written == 60
    suspects = [json.loads(line) for line in listed.read_text().splitlines()]
    assert {item["id"] for item in suspects[:3]} == flipped
    assert report.wrong_labels.suspects == len(suspects)
    with pytest.raises(UserError, match="does not overwrite"):
        luthier.clean(source, tmp_path / "again.jsonl", task=task, wrong_labels=listed)
    write_jsonl(listed, [item | {"decision": "accept"} for item in suspects if item["id"] in flipped])
    luthier.clean(source, tmp_path / "right.jsonl", task=task, corrections=listed)
    right = [json.loads(line) for line in (tmp_path / "right.jsonl").read_text().splitlines()]
    assert {row["id"]: row["label"] for row in right} == truth


def test_wrong_labels_need_a_task_and_the_file_as_it_stands(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "reviews.jsonl", [{"text": "fine"}])
    with pytest.raises(UserError, match="--task"):
        luthier.clean(source, tmp_path / "out.jsonl", wrong_labels=tmp_path / "wrong.jsonl")
