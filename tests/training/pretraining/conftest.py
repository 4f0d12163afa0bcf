"""A corpus of a few hundred lines in two languages, and the smallest model that can be pretrained on it."""

import json
import random
from pathlib import Path

import pytest
import torch
from tests.models import tiny

from luthier.data.corpus import Cleaning, Source
from luthier.training.pretraining import (
    Architecture,
    Optimisation,
    Prepared,
    Pretraining,
    Vocabulary,
    prepare,
)

DISHES = ["soup", "rice", "tea", "fish", "cake", "bread", "salad", "noodles"]
TASTES = ["cold", "warm", "fine", "sweet", "bitter", "salty", "fresh", "dull"]
CAI = ["汤", "米饭", "茶", "鱼", "蛋糕", "面包", "沙拉", "面条"]
WEI = ["凉", "热", "不错", "甜", "苦", "咸", "新鲜", "一般"]


def write_source(path: Path, texts: list[str]) -> Path:
    path.write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts), "utf-8")
    return path


@pytest.fixture
def recipe(tmp_path: Path) -> Pretraining:
    draw = random.Random(0)
    english = [
        " ".join(f"The {draw.choice(DISHES)} was {draw.choice(TASTES)}." for _ in range(draw.randint(2, 5)))
        for _ in range(300)
    ]
    chinese = [
        "".join(f"这家店的{draw.choice(CAI)}很{draw.choice(WEI)}。" for _ in range(draw.randint(2, 5)))
        for _ in range(300)
    ]
    return Pretraining(
        sources=(
            Source(path=write_source(tmp_path / "en.jsonl", english), share=2),
            Source(path=write_source(tmp_path / "zh.jsonl", chinese), share=1),
        ),
        cleaning=Cleaning(min_characters=1, near_duplicates=None),
        vocabulary=Vocabulary(size=600, alphabet=150),
        architecture=Architecture(
            hidden_size=16, layers=2, heads=2, key_value_heads=1, intermediate_size=24, max_positions=64
        ),
        optimisation=Optimisation(steps=6, rows=4, micro_rows=2, row_length=32, warmup=2, bf16=False),
        held_out=0.1,
        checkpoint_every=2,
        evaluate_every=3,
        prompts=(),
        output=tmp_path / "run",
    )


@pytest.fixture
def prepared(recipe: Pretraining) -> Prepared:
    return prepare(recipe)


TOKENIZERS = {"llama": tiny.metaspace, "qwen2": tiny.byte_level, "gpt2": tiny.byte_level}


@pytest.fixture(params=TOKENIZERS)
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder of a random model of each family, in bfloat16, GPT-2 with dropout."""
    folder = tmp_path / f"base-{request.param}"
    dropout = {"resid_pdrop": 0.1} if request.param == "gpt2" else {}
    tiny.model(request.param, **dropout).to(torch.bfloat16).save_pretrained(folder)
    TOKENIZERS[request.param]().save_pretrained(folder)
    return folder


@pytest.fixture
def continued(recipe: Pretraining, base: Path) -> Pretraining:
    """The same corpus, for a model that is there already."""
    return Pretraining.model_validate(
        recipe.model_dump(exclude={"vocabulary", "architecture"})
        | {"from": {"name": str(base)}, "prompts": ("The",)}
    )
