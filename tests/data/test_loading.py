from __future__ import annotations

import json
from collections import Counter

import pytest
from pydantic import ValidationError

from luthier.data import DataOptions, check, load_splits
from luthier.errors import DataError, RecipeError
from luthier.tasks import Aspects, Classification, Generation

TASK = Classification(labels=("good", "bad"))


def write(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def reviews(name, count):
    return [
        {
            "text": f"{name} review number {n * 7919} about dish {n * 104729}",
            "label": ("good", "bad")[n % 4 == 0],
        }
        for n in range(count)
    ]


def load(folder, task=TASK, seed=0, **options):
    return load_splits(DataOptions(**options), task, base_dir=folder, seed=seed)


def test_a_share_is_split_off_in_proportion_and_by_seed(tmp_path):
    write(tmp_path / "train.jsonl", reviews("train", 200))
    splits = load(tmp_path, train="train.jsonl")
    assert (len(splits.train), len(splits.validation)) == (180, 20)
    assert Counter(e.target for e in splits.validation) == {"good": 15, "bad": 5}
    assert {e.id for e in splits.train} | {e.id for e in splits.validation} == {
        f"train-{n}" for n in range(1, 201)
    }
    again = load(tmp_path, train="train.jsonl")
    other = load(tmp_path, train="train.jsonl", seed=1)
    assert list(again.validation) == list(splits.validation) != list(other.validation)


def test_near_duplicates_stay_on_one_side(tmp_path):
    rows = reviews("train", 40)
    twins = [{**row, "text": row["text"].upper() + "!"} for row in rows]
    write(tmp_path / "train.jsonl", [*rows, *twins])
    for seed in range(5):
        splits = load(tmp_path, train="train.jsonl", validation=0.25, seed=seed)
        inside = {int(e.id.split("-")[1]) for e in splits.validation}
        assert inside
        assert {(n - 1) % 40 for n in inside if n <= 40} == {(n - 1) % 40 for n in inside if n > 40}
    assert splits.report.counts["split"]["kept together as near duplicates"] == 80


def test_leaks_that_are_only_reported_stay(tmp_path):
    rows = reviews("train", 60)
    write(tmp_path / "train.jsonl", rows)
    near = {**rows[6], "text": rows[6]["text"] + "."}
    write(
        tmp_path / "test.jsonl",
        [{**rows[5], "text": rows[5]["text"].upper()}, near, *reviews("fresh test", 3)],
    )
    splits = load(tmp_path, train="train.jsonl", test="test.jsonl", leaks="report")
    assert len(splits.tests["id"].examples) == 5
    assert len(splits.train) + len(splits.validation) == 60
    equal, close = splits.report.leaks
    assert (equal.held_out, equal.id, equal.seen_id, equal.similarity) == (
        "test/id",
        "test-1",
        "train-6",
        1.0,
    )
    assert (close.id, close.seen_id) == ("test-2", "train-7")
    assert 0.8 <= close.similarity < 1
    assert splits.report.counts["leak"] == {"test/id, equal": 1, "test/id, near": 1}
    assert json.loads(json.dumps(splits.report.to_json()))["leaks"][0]["origin"] == "test.jsonl:1"


def test_a_leak_into_a_validation_file_is_found_in_train(tmp_path):
    rows = reviews("train", 10)
    write(tmp_path / "train.jsonl", rows)
    write(tmp_path / "dev.jsonl", [rows[3], *reviews("dev set", 4)])
    write(tmp_path / "test.jsonl", reviews("dev set", 1))
    files = {"train": "train.jsonl", "validation": "dev.jsonl", "test": {"new": "test.jsonl"}}
    splits = load(tmp_path, **files, leaks="report")
    found = {(leak.held_out, leak.seen_in, leak.seen_id) for leak in splits.report.leaks}
    assert found == {("validation", "train", "train-4"), ("test/new", "validation", "dev-2")}
    # Train gives way; a validation file stays as it is, and its leak is told.
    splits = load(tmp_path, **files)
    assert (len(splits.train), len(splits.validation)) == (9, 5)
    assert [(leak.held_out, leak.seen_in) for leak in splits.report.leaks] == [("test/new", "validation")]
    assert splits.report.counts["leak"] == {"train, left out": 1, "test/new, equal": 1}


def test_what_stands_in_a_test_set_leaves_train_before_validation_is_split_off(tmp_path):
    rows = reviews("train", 60)
    write(tmp_path / "train.jsonl", rows)
    tests = [{**rows[n], "text": rows[n]["text"].upper() + "." * (n % 2), "label": "bad"} for n in range(20)]
    write(tmp_path / "test.jsonl", tests)
    splits = load(tmp_path, train="train.jsonl", test="test.jsonl", validation=0.25)
    ids = {example.id for part in (splits.train, splits.validation) for example in part}
    assert ids == {f"train-{n}" for n in range(21, 61)}
    assert len(splits.tests["id"].examples) == 20
    assert splits.report.leaks == []
    assert splits.report.counts["leak"] == {"train, left out": 20}
    dropped = list(splits.report.dropped)
    assert [row["of"]["id"] for row in dropped] == [f"test-{n}" for n in range(1, 21)]
    assert Counter(row["reason"] for row in dropped) == {"equal": 10, "near": 10}
    assert splits.report.to_json()["dropped"] == {"leak, equal": 10, "leak, near": 10}


def test_cleaning_comes_before_duplicates_and_leaves_test_sets_whole(tmp_path):
    dirty = {"text": "so <b>good</b>!!!!!!", "label": "good"}
    rows = [dirty, {"text": "so good!!!", "label": "good"}, {"text": "<br>", "label": "bad"}]
    write(tmp_path / "train.jsonl", [*rows, {"text": "SO GOOD!!!", "label": "bad"}, *reviews("train", 20)])
    write(tmp_path / "test.jsonl", [{"text": "fresh  air", "label": "bad"}, {"text": "<br>", "label": "bad"}])
    splits = load(tmp_path, train="train.jsonl", test="test.jsonl", clean={"min_characters": 2})
    counts = splits.report.counts
    assert counts["read"] == {"train": 24, "test/id": 2}
    assert counts["clean"] == {"train, changed": 1, "train, left out": 1, "test/id, changed": 1}
    assert counts["duplicates"]["equal, left out"] == 1
    assert counts["duplicates"]["same text, different targets"] == 1
    assert [example.text for example in splits.tests["id"].examples] == ["fresh air", "<br>"]
    (conflict,) = splits.report.conflicts
    assert [(record["id"], record["target"]) for record in conflict.records] == [
        *(("train-1", "good"), ("train-4", "bad"))
    ]
    assert [(row["id"], row["stage"], row["reason"]) for row in splits.report.dropped] == [
        *(("train-3", "clean", "empty"), ("train-2", "duplicates", "equal"))
    ]
    assert [(row["split"], row["id"], row["after"]) for row in splits.report.changes] == [
        *(("train", "train-1", {"text": "so good!!!"}), ("test/id", "test-1", {"text": "fresh air"}))
    ]
    assert json.loads(json.dumps(splits.report.to_json()))["cleaned"]["train"]["changed"]["html"] == 1
    plain = {"clean": "none", "duplicates": "report", "leaks": "report"}
    as_it_is = load(tmp_path, train="train.jsonl", test="test.jsonl", **plain)
    assert len(as_it_is.train) + len(as_it_is.validation) == 24
    assert as_it_is.tests["id"].examples[0].text == "fresh  air"


def test_nothing_left_is_told_with_what_took_it(tmp_path):
    write(tmp_path / "train.jsonl", [{"text": "这里很好", "label": "good"}, {"text": "<br>", "label": "bad"}])
    with pytest.raises(DataError, match=r"left nothing of 2 records: 1 another language, 1 empty"):
        load(tmp_path, train="train.jsonl", clean={"languages": ["en"]})
    with pytest.raises(RecipeError, match="count_tokens"):
        load(tmp_path, train="train.jsonl", clean={"max_tokens": 5})


def test_problems_of_all_files_come_together(tmp_path):
    write(tmp_path / "train.jsonl", [{"text": "a", "label": "god"}] * 15)
    write(tmp_path / "test.jsonl", [{"text": "", "label": "good"}] * 15)
    with pytest.raises(DataError) as caught:
        load(tmp_path, train="train.jsonl", test="test.jsonl", unlabelled="nowhere.jsonl")
    assert caught.value.total == 31
    assert "31 problems in 3 files" in str(caught.value)
    assert {problem.file.name for problem in caught.value.problems} == {
        "train.jsonl",
        "test.jsonl",
        "nowhere.jsonl",
    }


def test_a_test_set_may_have_its_own_space_columns_and_labels(tmp_path):
    write(
        tmp_path / "train.jsonl", [{"text": f"meal {n}", "aspects": {"food": "positive"}} for n in range(9)]
    )
    write(tmp_path / "ood.jsonl", [{"review": "loud", "aspects": {"noise": "bad"}}])
    ood = {
        "path": "ood.jsonl",
        "aspects": ["noise"],
        "columns": {"text": "review"},
        "label_map": {"bad": "negative"},
    }
    splits = load(tmp_path, Aspects(aspects=("food",)), train="train.jsonl", test={"ood": ood})
    found = splits.tests["ood"]
    assert found.task == Aspects(aspects=("noise",))
    assert (found.examples[0].text, found.examples[0].target) == ("loud", {"noise": "negative"})


def test_a_misspelt_override_is_told(tmp_path):
    write(tmp_path / "train.jsonl", reviews("train", 5))
    with pytest.raises(RecipeError, match=r"data.test.ood.lables: unknown key .*did you mean 'labels'"):
        load(tmp_path, train="train.jsonl", test={"ood": {"path": "train.jsonl", "lables": ["a"]}})


def test_unlabelled_files_need_no_labels(tmp_path):
    write(tmp_path / "train.jsonl", reviews("train", 20))
    write(tmp_path / "pool.jsonl", [{"text": "no label here"}])
    splits = load(tmp_path, train="train.jsonl", unlabelled="pool.jsonl")
    assert [e.target for e in splits.unlabelled] == [None]


def test_one_record_cannot_be_split(tmp_path):
    write(tmp_path / "train.jsonl", [{"text": "same", "label": "good"}] * 3)
    with pytest.raises(DataError, match="too small to split"):
        load(tmp_path, train="train.jsonl")


def test_a_changed_file_is_read_anew(tmp_path):
    workdir = tmp_path / "work"
    options = DataOptions(train="train.jsonl")
    for word in ("old", "new"):
        write(tmp_path / "train.jsonl", reviews(word, 20))
        splits = load_splits(options, TASK, base_dir=tmp_path, workdir=workdir)
        assert all(e.text.startswith(word) for e in splits.train)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"validation": 0.0}, "a share of train lies between 0 and 1"),
        ({"validation": 1.5}, "found 1.5"),
        ({"encoding": "utf-9"}, "unknown encoding 'utf-9'"),
        ({"encoding": "hex"}, "unknown encoding 'hex'"),
        ({"unlabelled": ""}, "at least 1 character"),
        ({"test": {"ood": ""}}, "at least 1 character"),
        ({"test": {"a/b": "x.jsonl"}}, "letters, digits"),
        ({"clean": "all"}, "is 'all'; allowed: default, none, or a mapping"),
        ({"clean": {"spaces": "on"}}, "is 'on'; allowed: true, false, or a mapping"),
        ({"clean": {"spacing": True}}, "spacing"),
        ({"duplicates": "drop"}, "'report', 'equal' or 'near'"),
        ({"leaks": "keep"}, "'remove' or 'report'"),
    ],
)
def test_wrong_sections_are_refused(options, words):
    with pytest.raises(ValidationError, match=words):
        DataOptions.model_validate({"train": "x.jsonl", **options})


def test_check_finds_everything_before_reading(tmp_path):
    write(tmp_path / "train.jsonl", [])
    options = DataOptions(
        train="trian.jsonl",
        test={"ood": {"path": "train.jsonl", "labels": ["only one"]}},
        columns={"review": "text"},
        label_map={"good": "1", "x": "god"},
    )
    found = {problem.field: str(problem) for problem in check(options, TASK, tmp_path)}
    assert "did you mean train.jsonl?" in found["data.train"]
    assert "at least 2" in found["data.test.ood.labels"]
    assert "our name comes first: `text: review`" in found["data.columns"]
    labels = [str(problem) for problem in check(options, TASK, tmp_path) if problem.field == "data.label_map"]
    assert "their label comes first: `1: good`" in labels[0]
    assert "did you mean 'good'?" in labels[1]
    assert check(DataOptions(train="train.jsonl", columns={"text": "x"}), TASK, tmp_path) == []
    dialogues = DataOptions(train="train.jsonl", columns={"conversations": "dialog"})
    assert check(dialogues, Generation(), tmp_path) == []
    assert len(check(dialogues, TASK, tmp_path)) == 1


def test_a_label_map_takes_what_a_file_may_hold():
    given = {"train": "x.jsonl", "label_map": {True: "good", 0: "bad", 2.0: "x"}}
    assert DataOptions.model_validate(given).label_map == {"true": "good", "0": "bad", "2": "x"}
