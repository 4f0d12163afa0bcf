"""Lists of wrong labels: what a person decided is done, and what cannot be done is told, all at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from luthier.data.corrections import Corrector, read_corrections
from luthier.data.journal import Journal
from luthier.errors import DataError
from luthier.tasks import Aspects, Classification, Entity, Example, Extraction, Generation, Target, Task

LABELS = Classification(labels=("good", "bad"))


def listed(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "suspects.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def corrected(
    path: Path, task: Task, examples: list[Example], dropped: Journal | None = None
) -> tuple[list[Example], dict[str, int]]:
    corrector = Corrector(path, read_corrections(path), task, dropped)
    found = list(corrector(examples))
    corrector.finish()
    return found, dict(corrector.counts)


def test_decisions_are_carried_out(tmp_path: Path) -> None:
    path = listed(
        tmp_path,
        {"id": "1", "given": "good", "suggested": "bad", "score": 0.1, "decision": "accept"},
        {"id": "2", "suggested": "bad", "decision": "keep"},
        {"id": "3", "suggested": "bad", "decision": ""},
        {"id": "4", "suggested": "bad"},
        {"id": "5", "suggested": None, "decision": " Drop "},
    )
    dropped = Journal()
    examples = [Example(f"{n}", f"text {n}", "good") for n in range(7)]
    found, counts = corrected(path, LABELS, examples, dropped)
    assert [(example.id, example.target) for example in found] == [
        *(("0", "good"), ("1", "bad"), ("2", "good"), ("3", "good"), ("4", "good"), ("6", "good"))
    ]
    assert counts == {"accept": 1, "keep": 3, "drop": 1}
    (row,) = dropped
    assert (row["id"], row["stage"], row["record"]["text"]) == ("5", "corrections", "text 5")


@pytest.mark.parametrize(
    ("task", "text", "given", "suggested", "expected"),
    [
        (Classification(labels=("a", "b"), multi_label=True), "x", ["a"], ["b", "a"], ("a", "b")),
        (
            Aspects(aspects=("food", "price")),
            "x",
            {"food": "negative"},
            {"price": "positive"},
            {"price": "positive"},
        ),
        (
            Extraction(types=("DISH",)),
            "牛肉面很好吃",
            [{"start": 0, "end": 2, "type": "DISH", "text": "牛肉"}],
            [{"start": 0, "end": 3, "type": "DISH", "text": "牛肉面"}],
            (Entity(0, 3, "DISH", "牛肉面"),),
        ),
        (Generation(), "x", "yes", "no", "no"),
    ],
)
def test_suggestions_are_targets_as_records_have_them(
    tmp_path: Path, task: Task, text: str, given: Any, suggested: Any, expected: Target
) -> None:
    column = next(name for name in ("labels", "aspects", "entities", "output") if name in task.columns)
    text_column = "input" if "input" in task.columns else "text"
    example = task.example({text_column: text, column: given}, id="a")
    path = listed(tmp_path, {"id": "a", "given": given, "suggested": suggested, "decision": "accept"})
    (found,), _ = corrected(path, task, [example])
    assert found.target == expected
    # What is done already is no contradiction to what was given.
    assert corrected(path, task, [found])[0] == [found]


def test_everything_wrong_with_a_list_is_told_with_its_line(tmp_path: Path) -> None:
    path = listed(
        tmp_path,
        {"suggested": "bad", "decision": "accept"},
        {"id": "1", "decision": "acept", "suggested": "bad"},
        {"id": "2", "decision": "accept"},
        {"id": "3"},
        {"id": "3"},
    )
    with pytest.raises(DataError) as caught:
        read_corrections(path)
    told = str(caught.value)
    for words in (
        "suspects.jsonl:1: id: is missing",
        "suspects.jsonl:2: decision: is 'acept' (allowed: accept, keep, drop; empty for not decided yet)",
        "suspects.jsonl:3: suggested: nothing is suggested to accept",
        "suspects.jsonl:5: '3' stands in line 4 too",
    ):
        assert words in told


def test_corrections_that_do_not_fit_the_records_are_told_with_their_line(tmp_path: Path) -> None:
    path = listed(
        tmp_path,
        {"id": "1", "suggested": "goood", "decision": "accept"},
        {"id": "nobody", "suggested": "bad"},
        {"id": "2", "given": "bad", "suggested": "bad", "decision": "accept"},
        {"id": "3", "given": "bad", "suggested": "good", "decision": "accept"},
        {"id": "4", "given": "bad", "suggested": "bad", "decision": "accept"},
    )
    examples = [Example(f"{n}", "text", "good") for n in range(5)]
    with pytest.raises(DataError) as caught:
        corrected(path, LABELS, examples)
    told = str(caught.value)
    assert caught.value.total == 4
    assert (
        "suspects.jsonl:1: suggested: unknown label 'goood' (allowed: good, bad) - did you mean 'good'?"
        in told
    )
    assert "suspects.jsonl:2: id: no record has the id 'nobody'" in told
    assert 'suspects.jsonl:3: given: the record has "good"' in told
    assert 'suspects.jsonl:5: given: the record has "good"' in told
