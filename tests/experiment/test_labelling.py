from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.experiment.conftest import write_jsonl
from tests.experiment.self_training.conftest import BAD, GOOD, texts, values, write_recipe

import luthier
from luthier.data import ReadOptions, read_examples
from luthier.errors import UserError
from luthier.experiment import load_recipe, run
from luthier.experiment.labelling import label
from luthier.files import read_jsonl
from luthier.inference import Predictor
from luthier.inference.prediction import Prediction

__all__ = ["values", "write_recipe"]


@pytest.fixture
def finished(values: dict[str, Any], write_recipe: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished run whose model is sure of texts with good words, less so of bad ones, and else silent."""
    path = run(load_recipe(write_recipe(values), ["self_training=null", "training.steps=1"])).path

    def predict(self: Any, examples: Any, **_: Any) -> Iterator[Prediction]:
        for example in examples:
            p = 0.99 if any(word in example.text for word in GOOD) else 0.2
            if not any(word in example.text for word in GOOD + BAD):
                yield Prediction(example.id, "", "hm")
                continue
            said = "good" if p > 0.5 else "bad"
            yield Prediction(example.id, said, said, p, {"": {"good": p, "bad": 1 - p}})

    monkeypatch.setattr(Predictor, "predict", predict)
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [{"id": row["id"], "text": row["text"]} for row in texts("new", 6)]
    return write_jsonl(tmp_path / "new.jsonl", [*rows, {"id": "odd", "text": "Nothing to say."}])


def test_what_is_sure_enough_becomes_a_record_and_the_rest_a_reject(finished: Path, data: Path) -> None:
    output, rejects, report = (data.with_name(name) for name in ("out.jsonl", "no.jsonl", "report.json"))
    found = label(finished, data, output, confidence=0.9, rejects=rejects, report=report)
    # On validation all 12 are right, said with 0.99 and 0.8: mended they are 0.98 and 0.76.
    assert [row["label"] for row in read_jsonl(output)] == ["good"] * 3
    row = next(read_jsonl(output))
    assert row["id"] == "new-1"
    assert 0.9 <= row["confidence"] < 1
    assert row["labelled_by"].startswith("run@")
    assert found.rejected == {"below the threshold": 3, "no value": 1}
    assert [item["reason"] for item in read_jsonl(rejects)][-1] == "no value"
    assert json.loads(report.read_text(encoding="utf-8")) == found.to_json()
    assert found.records == 7 == found.labelled + sum(found.rejected.values())


def test_without_a_rule_all_that_can_be_read_is_labelled_and_can_be_trained_on(
    finished: Path, data: Path
) -> None:
    output = data.with_name("out.jsonl")
    found = luthier.label(finished, data, output)
    assert (found.labelled, dict(found.classes)) == (6, {"bad": 3, "good": 3})
    task = load_recipe(finished / "recipe.yaml", inputs=False).task
    examples, report = read_examples(str(output), task, ReadOptions(), base_dir=data.parent)
    assert [item.target for item in examples] == ["bad", "good"] * 3
    assert set(report.ignored_columns) == {"confidence", "labelled_by"}


def test_a_share_is_taken_of_each_class(finished: Path, data: Path) -> None:
    found = label(finished, data, data.with_name("out.jsonl"), top=0.34)
    assert dict(found.classes) == {"bad": 2, "good": 2}
    assert found.rejected["not in the top share of its class"] == 2


def test_wrong_rules_and_files_in_the_way_are_refused_before_any_work(tmp_path: Path, data: Path) -> None:
    with pytest.raises(UserError, match="Both --confidence and --top"):
        label("run", data, tmp_path / "out.jsonl", confidence=0.9, top=0.1)
    with pytest.raises(UserError, match=r"--top 1\.5 is not above 0"):
        label("run", data, tmp_path / "out.jsonl", top=1.5)
    with pytest.raises(UserError, match=r"new\.jsonl exists"):
        label("run", data, data)
