"""A corpus in two languages that holds what the kinds look for, each document about a place of its own."""

from __future__ import annotations

from random import Random

import pytest

from luthier.models import ModelOptions, load_tokenizer
from luthier.training.pretraining.instruct.making import Maker
from luthier.training.pretraining.instruct.material import Material

SYLLABLES = ["bar", "cor", "den", "fal", "gor", "hul", "kes", "lim", "mor", "nar", "pol", "rin", "sel", "tor"]
NOUNS = ["bridge", "tower", "garden", "harbour", "library", "market", "castle", "station", "museum", "chapel"]
DEEDS = ["painted", "repaired", "visited", "measured", "described", "admired", "abandoned", "discovered"]
SIGNS = "东西南北金木水火山石田林江河湖海"
SHI = ["石桥", "高塔", "花园", "港口", "书店", "市场", "城堡", "车站", "博物馆", "教堂"]
DONG = ["修复", "参观", "测量", "描写", "赞美", "放弃", "发现", "重建"]


def english(number: int) -> str:
    draw = Random(f"en{number}")
    name = "".join(SYLLABLES[number // 14**place % 14] for place in (2, 1, 0)).capitalize()
    first, second, third = draw.sample(NOUNS, 3)
    deed, other = draw.sample(DEEDS, 2)
    year = draw.randint(1500, 1999)
    return (
        f"{name}\n{name} is a quiet village beside a very old {first}.\n"
        f"It was founded in {year} by seven fishermen (all of them {deed} a {second}).\n"
        f"The {second} was sold for {draw.randint(20, 900)} coins and later {other} again.\n"
        f'"Nobody {other} the {third}" was written above the door of the {third}.\n'
        f"Why has nobody ever {deed} the {third} near the river? "
        f"The {third} of the village stands between the {first} and the {second}.\n"
    )


def chinese(number: int) -> str:
    draw = Random(f"zh{number}")
    name = SIGNS[number // 16 % 16] + SIGNS[number % 16] + "镇"
    first, second, third = draw.sample(SHI, 3)
    deed, other = draw.sample(DONG, 2)
    year = draw.randint(1500, 1999)
    return (
        f"{name}\n{name}是一个安静的地方，旁边有一座古老的{first}。"
        f"{year}年，七个渔民来到这里（他们曾经{deed}过{second}）。"
        f"{second}后来卖了{draw.randint(20, 900)}两银子，人们又{other}了{second}。"
        f"门上写着“谁{other}{third}”几个字，旁边还有{draw.choice(['ABC', 'LOVE', 'Hello'])}字样。"
        f"为什么一直没有人{deed}{third}呢？"
        f"村里的{third}在{first}和{second}之间。\n"
    )


ENGLISH = [english(number) for number in range(120)]
CHINESE = [chinese(number) for number in range(120)]


@pytest.fixture(scope="session")
def documents():
    return {"en": ENGLISH, "zh": CHINESE}


@pytest.fixture(scope="session")
def material(documents):
    return Material(documents)


@pytest.fixture(scope="session")
def tokenizer():
    return load_tokenizer(ModelOptions(name="luthier/tiny"))


@pytest.fixture(scope="session")
def maker(tokenizer):
    return Maker(tokenizer, 512)
