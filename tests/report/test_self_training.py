"""The section on self-training, read off a page whose numbers are set by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.report.conftest import Make, page_of, plain, section_of

from luthier.experiment.folder import RunFolder
from luthier.files import write_json


def furnish(folder: RunFolder, *, kept: int, known: bool = True, p: float = 0.01) -> None:
    metrics = json.loads(folder.metrics.read_text(encoding="utf-8"))
    validation = {"accuracy": {"value": 0.7, "low": 0.6, "high": 0.8}}
    student: dict[str, Any] = {
        "labelled": 1200,
        "selected": 400,
        "right": 300 if known else None,
        "reasons": {"below the threshold": 700, "class is full": 100},
        "classes": {
            "positive": {"labelled": 900, "selected": 240, "right": 216 if known else None},
            "": {"labelled": 300, "selected": 160, "right": 84 if known else None},
        },
        "validation": {"accuracy": {"value": 0.75, "low": 0.65, "high": 0.85}},
        "score": 0.75,
        "number": 1,
    }
    difference = {"value": 0.123, "low": 0.05, "high": 0.2, "p_value": p}
    metrics["self_training"] = {
        "kept": kept,
        "metric": "accuracy",
        "pool": 1200,
        "left_out": {"test/id, equal": 3, "repeated": 8},
        "rounds": [{"number": 0, "score": 0.7, "validation": validation}, student],
        "comparisons": {"test/id": {"accuracy": difference}} if kept else {},
    }
    metrics["gold_only"] = {"test/id": {"metrics": {"accuracy": {"value": 0.4, "low": 0.3, "high": 0.5}}}}
    write_json(folder.metrics, metrics)


def test_rounds_classes_and_the_gold_only_model_are_shown(make: Make) -> None:
    folder = make("single")
    furnish(folder, kept=1)
    text = plain(section_of(page_of(folder), "self-training"))
    assert "Self-training helped" in text
    assert "Gold alone – – – 0.700 [0.600, 0.800]" in text
    assert "round 1 stays 1,200 400 75% 0.750 [0.650, 0.850]" in text
    assert "0.400 [0.300, 0.500] +0.123 [0.050, 0.200] 0.010" in text
    assert "positive 900 240 90%" in text
    assert "(none) 300 160 52%" in text
    assert "its class is full 100" in text
    assert "test/id, equal 3 repeated 8" in text


def test_where_the_truth_is_unknown_no_share_is_claimed(make: Make) -> None:
    folder = make("single")
    furnish(folder, kept=1, known=False)
    text = plain(section_of(page_of(folder), "self-training"))
    assert "Right of those taken" not in text
    assert "positive 900 240 (none) 300 160" in text


def test_a_round_that_gained_nothing_is_still_shown(make: Make) -> None:
    folder = make("single", "zh")
    furnish(folder, kept=0)
    text = plain(section_of(page_of(folder), "self-training"))
    assert "自训练在验证集上没有增益" in text
    assert "仅用标注数据 保留" in text
    assert "第 1 轮的伪标签" in text
    assert "test/id，完全相同 3" in text


@pytest.mark.parametrize(("p", "words"), [(0.2, "may be chance"), (0.01, "helped")])
def test_the_sentence_follows_the_p_value(make: Make, p: float, words: str) -> None:
    folder = make("single")
    furnish(folder, kept=1, p=p)
    assert words in plain(section_of(page_of(folder), "self-training"))


def test_a_run_without_self_training_has_no_section(make: Make) -> None:
    assert 'id="self-training"' not in page_of(make("single"))
