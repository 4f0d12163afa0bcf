"""A file in, a file out: whatever its form, with a task or without; of a wrong file nothing is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from luthier.data import CleanOptions, ReadOptions
from luthier.data.clean_file import clean_file
from luthier.errors import DataError, UserError
from luthier.tasks import Classification, Extraction, Generation

LABELS = Classification(labels=("good", "bad"))


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_table_becomes_clean_records_under_our_names(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(
        "review,stars,date\n 汤  很好喝！！！！！,1,x\n<br>,0,y\nso <b>so</b>,0,z\n", encoding="utf-8"
    )
    reading = ReadOptions(columns={"text": "review", "label": "stars"}, label_map={"1": "good", "0": "bad"})
    out, rejects, changes = (tmp_path / f"{name}.jsonl" for name in ("out", "rejects", "changes"))
    report = clean_file(str(source), out, task=LABELS, reading=reading, rejects=rejects, changes=changes)
    assert rows(out) == [
        {"id": "in-1", "text": "汤 很好喝！！！", "label": "good"},
        {"id": "in-3", "text": "so so", "label": "bad"},
    ]
    assert (report.read, report.written, report.ignored_columns) == (3, 2, {"date": 3})
    assert report.cleaned.changed == {"repeats": 1, "spaces": 1, "html": 1}
    (rejected,) = rows(rejects)
    assert (rejected["id"], rejected["stage"], rejected["reason"]) == ("in-2", "clean", "empty")
    assert rejected["record"] == {"id": "in-2", "text": "<br>", "label": "bad"}
    assert [(row["id"], row["rules"], row["before"], row["after"]) for row in rows(changes)] == [
        ("in-1", ["repeats", "spaces"], {"text": " 汤  很好喝！！！！！"}, {"text": "汤 很好喝！！！"}),
        ("in-3", ["html"], {"text": "so <b>so</b>"}, {"text": "so so"}),
    ]
    assert json.loads(json.dumps(report.to_json()))["cleaned"]["dropped"] == {"empty": 1}


def test_without_a_task_everything_but_the_text_passes_through(tmp_path: Path) -> None:
    records = [
        {"id": 7, "stars": 4.5, "text": "so <b>good</b>", "tags": ["a", None], "who": {"name": "李"}},
        {"text": "plain", "more": True},
        {"text": " \u200b "},
    ]
    out = tmp_path / "out.jsonl"
    report = clean_file(write(tmp_path / "in.jsonl", records), out)
    assert rows(out) == [{**records[0], "text": "so good"}, records[1]]
    assert list(rows(out)[0]) == list(records[0])
    assert report.cleaned.dropped == {"empty": 1}
    assert report.cleaned.shown["empty"][0].id == "in-3"


def test_without_a_task_records_repeat_each_other_in_everything_but_their_id(tmp_path: Path) -> None:
    records = [
        *({"id": 1, "text": "Soup!", "stars": 5}, {"id": 2, "text": "soup!", "stars": 5}),
        *({"id": 3, "text": "Soup!", "stars": 1}, {"id": 4, "text": "tea", "stars": 5}),
    ]
    source = write(tmp_path / "in.jsonl", records)
    report = clean_file(source, tmp_path / "out.jsonl", duplicates="equal")
    assert [row["id"] for row in rows(tmp_path / "out.jsonl")] == [1, 3, 4]
    assert report.duplicates == {"equal, left out": 1}
    told = clean_file(source, tmp_path / "all.jsonl", duplicates="report")
    assert (told.written, told.duplicates) == (4, {"equal, kept": 1})


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"text": "x", "entities": []}, "in.jsonl:2: entities: has offsets, .* --task TASK.yaml"),
        (
            {"input": "x", "output": "y"},
            "in.jsonl:2: text: is missing; the record has input, output .* --task",
        ),
        ({"text": 5}, "in.jsonl:2: text: is the number 5"),
    ],
)
def test_what_needs_a_task_is_refused_and_nothing_is_written(
    tmp_path: Path, record: dict[str, Any], words: str
) -> None:
    source = write(tmp_path / "in.jsonl", [{"text": "fine"}, record])
    for duplicates in (None, "equal"):
        with pytest.raises(DataError, match=words):
            clean_file(source, tmp_path / "out.jsonl", duplicates=duplicates)
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_entities_move_with_their_text_and_dialogues_are_read(tmp_path: Path) -> None:
    text = "  A&amp;B <b>serves</b> soup"
    entities = [{"start": 2, "end": 9, "type": "PLACE"}, {"start": 24, "end": 28, "type": "DISH"}]
    source = write(tmp_path / "in.jsonl", [{"text": text, "entities": entities}])
    clean_file(source, tmp_path / "out.jsonl", task=Extraction(types=("DISH", "PLACE")))
    (row,) = rows(tmp_path / "out.jsonl")
    assert row["text"] == "A&B serves soup"
    assert [row["text"][item["start"] : item["end"]] for item in row["entities"]] == ["A&B", "soup"]
    talk = [{"from": "human", "value": "Hi\u200b"}, {"from": "gpt", "value": "Hello"}]
    clean_file(
        write(tmp_path / "talk.jsonl", [{"conversations": talk}]),
        tmp_path / "talked.jsonl",
        task=Generation(),
    )
    assert rows(tmp_path / "talked.jsonl") == [{"id": "talk-1", "input": "Hi", "output": "Hello"}]


def test_a_file_without_targets_needs_none_and_one_with_some_needs_all(tmp_path: Path) -> None:
    pool = write(tmp_path / "pool.jsonl", [{"text": "a  b"}, {"text": "c"}])
    clean_file(pool, tmp_path / "out.jsonl", task=LABELS)
    assert rows(tmp_path / "out.jsonl") == [{"id": "pool-1", "text": "a b"}, {"id": "pool-2", "text": "c"}]
    half = write(tmp_path / "half.jsonl", [{"text": "a", "label": "good"}, {"text": "c"}])
    with pytest.raises(DataError, match=r"half.jsonl:2: label: is "):
        clean_file(half, tmp_path / "no.jsonl", task=LABELS)


def test_corrections_come_first_and_the_rest_follows(tmp_path: Path) -> None:
    records = [
        {"text": "a  b", "label": "good"},
        {"text": "a b", "label": "bad"},
        {"text": "c", "label": "bad"},
    ]
    source = write(tmp_path / "in.jsonl", records)
    suspects = write(
        tmp_path / "suspects.jsonl",
        [
            {"id": "in-1", "given": "good", "suggested": "bad", "decision": "accept"},
            {"id": "in-3", "suggested": "good", "decision": "drop"},
        ],
    )
    out, rejects = tmp_path / "out.jsonl", tmp_path / "rejects.jsonl"
    report = clean_file(
        source, out, task=LABELS, corrections=Path(suspects), duplicates="equal", rejects=rejects
    )
    assert rows(out) == [{"id": "in-1", "text": "a b", "label": "bad"}]
    assert (report.corrections, report.duplicates) == ({"accept": 1, "drop": 1}, {"equal, left out": 1})
    assert [(row["id"], row["stage"]) for row in rows(rejects)] == [
        ("in-3", "corrections"),
        ("in-2", "duplicates"),
    ]
    wrong = Path(write(tmp_path / "wrong.jsonl", [{"id": "nobody", "decision": "drop"}]))
    with pytest.raises(DataError, match="no record has the id 'nobody'"):
        clean_file(source, tmp_path / "no.jsonl", task=LABELS, corrections=wrong)
    assert not (tmp_path / "no.jsonl").exists()


def test_calls_that_cannot_work_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", [{"text": "x"}])
    out = tmp_path / "out.jsonl"
    with pytest.raises(UserError, match="exists; Luthier does not overwrite"):
        clean_file(source, Path(source))
    with pytest.raises(UserError, match="Give --task"):
        clean_file(source, out, corrections=Path(source))
    with pytest.raises(UserError, match="Give --task"):
        clean_file(source, out, rules=CleanOptions(max_tokens=5))
    with pytest.raises(UserError, match="the same file"):
        clean_file(source, out, rejects=out)
    with pytest.raises(UserError, match="--changes and --rejects are the same file"):
        clean_file(source, out, rejects=tmp_path / "told.jsonl", changes=tmp_path / "told.jsonl")
    with pytest.raises(DataError, match=r"nowhere.jsonl"):
        clean_file(str(tmp_path / "nowhere.jsonl"), out)


def test_tokens_are_counted_by_what_is_passed_in(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", [{"text": "one two three"}, {"text": "one"}])
    report = clean_file(
        source,
        tmp_path / "out.jsonl",
        rules=CleanOptions(max_tokens=2),
        count_tokens=lambda text: len(text.split()),
    )
    assert report.cleaned.dropped == {"too many tokens": 1}


def test_a_text_under_another_name_is_one_mistake_not_thousands(tmp_path: Path) -> None:
    write(tmp_path / "in.jsonl", [{"review": f"number {n}", "label": "x"} for n in range(50)])
    with pytest.raises(DataError, match=r"in\.jsonl: text: is missing; the record has .*--task") as caught:
        clean_file(str(tmp_path / "in.jsonl"), tmp_path / "out.jsonl")
    assert caught.value.total == 1
    assert not (tmp_path / "out.jsonl").exists()
