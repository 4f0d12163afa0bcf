from __future__ import annotations

import gzip
import json

import pytest
from pydantic import TypeAdapter

from luthier.data import DataOptions, load_splits, sniff
from luthier.errors import DataError, UserError
from luthier.tasks import AnyTask


def guess(path, rows, task_type=None):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    proposal = sniff(path, task_type)
    # Whatever is proposed has to load the file it was proposed for.
    task = TypeAdapter(AnyTask).validate_python(proposal.task)
    options = DataOptions(train=path.name, columns=dict(proposal.columns), label_map=dict(proposal.label_map))
    load_splits(options, task, base_dir=path.parent)
    return proposal


def test_classification_sorted_by_label(tmp_path):
    path = tmp_path / "r.csv"
    lines = [f"{label},味道不错的第{n}家店，服务也还可以" for label in (1, 0) for n in range(3000)]
    path.write_text("\n".join(["label,review", *lines]), encoding="utf-8")
    proposal = sniff(path)
    assert proposal.task == {"type": "classification", "labels": ["0", "1"], "language": "zh"}
    assert proposal.columns == {"text": "review"}
    assert any("label_map" in note for note in proposal.notes)


@pytest.mark.parametrize(("records", "said"), [(498, True), (60, False)])
def test_a_label_that_stands_once_among_hundreds_may_be_a_slip(tmp_path, records, said):
    path = tmp_path / "r.csv"
    lines = [f"{('good', 'bad')[n % 2]},the soup of visit number {n} was as it was" for n in range(records)]
    path.write_text("\n".join(["label,review", *lines, "goood,the soup was good"]), encoding="utf-8")
    notes = sniff(path).notes
    assert any("'goood': once or twice only" in note for note in notes) == said


def test_spellings_of_one_label_are_mapped(tmp_path):
    rows = [{"text": f"text number {n} of many", "label": ("Yes", "yes", "no")[n % 3]} for n in range(30)]
    proposal = guess(tmp_path / "r.jsonl", [*rows, {"text": "the last text", "label": "yes"}])
    assert proposal.task["labels"] == ["yes", "no"]
    assert proposal.label_map == {"Yes": "yes"}


def test_pairs(tmp_path):
    rows = [
        {"premise": f"a long story {n}", "hypothesis": f"a claim {n}", "label": "xy"[n % 2]}
        for n in range(20)
    ]
    proposal = guess(tmp_path / "r.jsonl", rows)
    assert proposal.task["pair"] is True
    assert proposal.columns == {"text": "premise", "text_pair": "hypothesis"}


def test_several_labels(tmp_path):
    rows = [{"text": f"{n * 104729} is story {n * 7919}", "tags": ["a", "b"][: n % 3]} for n in range(20)]
    proposal = guess(tmp_path / "r.jsonl", rows)
    assert proposal.task["multi_label"] is True
    assert proposal.columns == {"labels": "tags"}


def test_aspects(tmp_path):
    rows = [
        {"text": f"{n * 104729} is story {n * 7919}", "aspects": {"food": "negative", "bar": "positive"}}
        for n in range(9)
    ]
    proposal = guess(tmp_path / "r.jsonl", rows)
    assert proposal.task["aspects"] == ["food", "bar"]
    assert proposal.task["labels"] == ["positive", "negative"]


def test_extraction(tmp_path):
    rows = [{"text": f"李雷 {n}", "entities": [{"start": 0, "end": 2, "type": "人"}]} for n in range(9)]
    proposal = guess(tmp_path / "r.jsonl", rows)
    assert proposal.task == {"type": "extraction", "types": ["人"], "language": "zh"}


@pytest.mark.parametrize(
    "row",
    [
        {"instruction": "do {}", "input": "", "output": "done {}"},
        {"messages": [{"role": "user", "content": "hi {}"}, {"role": "assistant", "content": "ho {}"}]},
        {"article": "a very long article about {}", "summary": "about {}"},
    ],
)
def test_generation(tmp_path, row):
    rows = [json.loads(json.dumps(row).replace("{}", str(n * 12345))) for n in range(9)]
    assert guess(tmp_path / "r.jsonl", rows).task["type"] == "generation"


def test_nothing_to_predict(tmp_path):
    with pytest.raises(UserError, match="no column looks like something to predict"):
        guess(tmp_path / "r.jsonl", [{"text": f"only text {n}"} for n in range(9)])
    with pytest.raises(UserError, match="the target of aspects"):
        guess(tmp_path / "r.jsonl", [{"text": f"only text {n}"} for n in range(9)], "aspects")


@pytest.mark.parametrize("odd", ["²", "--5", "٣", "-"])
def test_labels_that_only_look_like_numbers(tmp_path, odd):
    rows = [{"text": f"text number {n} of many", "label": ("5", odd)[n % 2]} for n in range(20)]
    assert set(guess(tmp_path / "r.jsonl", rows).task["labels"]) == {"5", odd}


def test_spellings_of_several_labels_are_mapped(tmp_path):
    rows = [{"text": f"{n * 104729} is story {n * 7919}", "labels": ["a", "B "]} for n in range(20)]
    rows += [{"text": f"{n * 102763} was told {n * 7927}", "labels": ["A"]} for n in range(5)]
    proposal = guess(tmp_path / "r.jsonl", [*rows, {"text": "one more of them", "labels": ["none"]}])
    assert (proposal.task["labels"], proposal.label_map) == (["B", "a"], {"A": "a"})


def test_labels_that_are_one_label_are_nothing_to_predict(tmp_path):
    rows = [{"text": f"text number {n} of many", "label": ("a", "A ")[n % 2]} for n in range(20)]
    with pytest.raises(UserError, match="something to predict"):
        guess(tmp_path / "r.jsonl", rows)


def test_damaged_archives_are_told(tmp_path):
    (tmp_path / "r.jsonl.gz").write_bytes(gzip.compress(b'{"text": "a"}\n' * 99)[:-12] + b"0" * 12)
    with pytest.raises(DataError, match="cannot be decompressed"):
        sniff(tmp_path / "r.jsonl.gz")


def test_other_encodings_are_found(tmp_path):
    path = tmp_path / "r.csv"
    lines = [f"{'好差'[n % 2]},味道不错的第{n}家店" for n in range(20)]
    path.write_text("\n".join(["label,text", *lines]), encoding="gb18030")
    assert sniff(path).encoding == "gb18030"


def test_unreadable_files_are_told(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        sniff(tmp_path / "r.jsonl")
