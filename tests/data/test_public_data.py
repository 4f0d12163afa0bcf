"""Every public text data set loads as its page says. Opt in with LUTHIER_DATA."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from luthier.data import DataOptions, load_splits, sniff
from luthier.tasks import AnyTask

ROOT = Path(os.environ.get("LUTHIER_DATA", Path(__file__).parents[2] / "../shared/data")).resolve()

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not ROOT.is_dir(), reason="LUTHIER_DATA names no folder with the public data sets"),
]

ZH = {"language": "zh"}
SENTIMENT_ZH = {"type": "classification", "labels": ["正面", "负面"], **ZH}
TASTE = ["菜品口味", "服务人员态度", "菜品分量", "卫生情况", "价格水平", "停车方便程度"]
TRAFFIC = ["装修情况", "嘈杂情况", "交通便利程度", "点菜上菜速度", "排队等候情况"]
TREC = {"0": "description", "1": "entity", "2": "abbreviation", "3": "human", "4": "location", "5": "number"}
CLUENER = [
    "name",
    "organization",
    "position",
    "company",
    "address",
    "game",
    "government",
    "scene",
    "book",
    "movie",
]
MAMS = ["food", "staff", "miscellaneous", "place", "menu", "service", "ambience", "price"]

# Name: task, data, rows of train, validation and the tests (the README of the data states them).
SETS = {
    "restaurant_zh": (
        {"type": "aspects", "aspects": TASTE, **ZH},
        {
            "train": "restaurant_zh/taste_price_service/train.jsonl",
            "test": {
                "id": "restaurant_zh/taste_price_service/test.jsonl",
                "ood": {"path": "restaurant_zh/traffic_queue_decor/test.jsonl", "aspects": TRAFFIC},
            },
        },
        [1260, 140, 600, 600],
    ),
    "mams_en": (
        {"type": "aspects", "aspects": MAMS},
        {"train": "mams_en/train.jsonl", "validation": "mams_en/val.jsonl", "test": "mams_en/test.jsonl"},
        [3149, 400, 400],
    ),
    "waimai_zh": (
        SENTIMENT_ZH,
        {
            "train": "waimai_zh/waimai_10k.csv",
            "columns": {"text": "review"},
            "label_map": {1: "正面", 0: "负面"},
        },
        [10788, 1199],
    ),
    "sst2_en": (
        {"type": "classification", "labels": ["positive", "negative"]},
        {
            "train": "sst2_en/train.jsonl",
            "validation": "sst2_en/validation.jsonl",
            "test": "sst2_en/test.jsonl",
        },
        [6920, 872, 1821],
    ),
    "trec_en": (
        {"type": "classification", "labels": list(TREC.values())},
        {"train": "trec_en/train.jsonl", "test": "trec_en/test.jsonl", "label_map": TREC},
        [4907, 545, 500],
    ),
    "cluener_zh": (
        {"type": "extraction", "types": CLUENER, **ZH},
        {"train": "cluener_zh/train.jsonl", "test": "cluener_zh/test.jsonl"},
        [9673, 1075, 1343],
    ),
    "csl_title_zh": (
        {"type": "generation", **ZH},
        {"train": "csl_title_zh/dev.jsonl", "test": "csl_title_zh/test.jsonl"},
        [900, 100, 1000],
    ),
    "scitldr_en": (
        {"type": "generation"},
        {
            "train": "scitldr_en/train.jsonl",
            "validation": "scitldr_en/dev.jsonl",
            "test": "scitldr_en/test.jsonl",
        },
        [1992, 619, 618],
    ),
    "xnli": (
        {"type": "classification", "pair": True, "labels": ["entailment", "neutral", "contradiction"], **ZH},
        {"train": "xnli/zh.jsonl", "columns": {"text": "premise", "text_pair": "hypothesis"}},
        [2241, 249],
    ),
    "alpaca_en": ({"type": "generation"}, {"train": "instructions/alpaca_en_demo.json"}, [999]),
    "alpaca_zh": ({"type": "generation", **ZH}, {"train": "instructions/alpaca_zh_demo.json"}, [1000]),
    "oaast_zh": ({"type": "generation", **ZH}, {"train": "instructions/oaast_sft_zh.json"}, [766]),
    "ecommerce_fewshot_zh": (
        SENTIMENT_ZH,
        {
            "train": "ecommerce_fewshot_zh/train.jsonl",
            "validation": "ecommerce_fewshot_zh/validation.jsonl",
            "test": "ecommerce_fewshot_zh/test.jsonl",
            "unlabelled": "ecommerce_fewshot_zh/unlabelled.jsonl",
        },
        [160, 160, 610],
    ),
    "shopping_zh": (SENTIMENT_ZH, {"train": "shopping_zh/reviews.jsonl"}, [52773]),
}


AS_IT_IS = {"clean": "none", "duplicates": "report", "leaks": "report"}
LARGE = {"shopping_zh", "scitldr_en", "cluener_zh"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in LARGE)) for name in SETS]
)
def test_every_set_loads_whole(name):
    section, data, expected = SETS[name]
    task = TypeAdapter(AnyTask).validate_python(section)
    splits = load_splits(DataOptions.model_validate(data | AS_IT_IS), task, base_dir=ROOT)
    held_out = [len(found.examples) for found in splits.tests.values()]
    if len(expected) == 1:  # the split's exact size is tested elsewhere
        assert len(splits.train) + len(splits.validation) == expected[0]
    else:
        assert [len(splits.train), len(splits.validation), *held_out] == pytest.approx(expected, abs=3)
    for found in (splits.train, splits.validation):
        for example in found[:300]:
            assert task.target(task.answer(example), example) == example.target


@pytest.mark.parametrize("name", ["waimai_zh", "sst2_en", "alpaca_en", "oaast_zh", "ecommerce_fewshot_zh"])
def test_every_record_that_the_defaults_leave_out_is_accounted_for(name):
    section, data, _ = SETS[name]
    task = TypeAdapter(AnyTask).validate_python(section)
    splits = load_splits(DataOptions.model_validate(data), task, base_dir=ROOT)
    read, dropped = splits.report.counts["read"], list(splits.report.dropped)
    assert {row["split"] for row in dropped} <= {"train", "unlabelled"}
    left = len(splits.train) + (0 if "validation" in read else len(splits.validation))
    assert left + sum(row["split"] == "train" for row in dropped) == read["train"]
    assert [len(found.examples) for found in splits.tests.values()] == [
        read[f"test/{test}"] for test in splits.tests
    ]
    assert [leak for leak in splits.report.leaks if leak.seen_in == "train"] == []


@pytest.mark.parametrize("name", [name for name in SETS if name != "ecommerce_fewshot_zh"])
def test_every_set_is_recognised(name):
    section, data, _ = SETS[name]
    proposal = sniff(ROOT / data["train"])
    assert proposal.task["type"] == section["type"]
    assert proposal.task["language"] == section.get("language", "en")
    assert proposal.columns == data.get("columns", {})
    for key in ("aspects", "types"):
        assert set(proposal.task.get(key, ())) == set(section.get(key, ()))
