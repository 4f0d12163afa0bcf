"""Slips and fillers in a text: what is hit, how much of it, and what never is."""

from difflib import SequenceMatcher
from random import Random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.augment.contract import CONTRACT, SEEDS, AugmenterContract

from luthier.augment.base import Source
from luthier.augment.literals import literals
from luthier.augment.negation import negations
from luthier.augment.noise import Kind, Noise
from luthier.augment.variant import Variant
from luthier.augment.words import word_list
from luthier.text import Language, is_cjk

ENGLISH = "The waiter brought another bowl quickly, and the terrace looked over the harbour."
CHINESE = "服务员马上给我们换了一碗汤，露台可以看到港口的风景。"
KINDS: tuple[Kind, ...] = get_args(Kind)


class TestNoise(AugmenterContract):
    augmenters = (Noise(), Noise(share=1.0), *(Noise(share=0.5, kinds=(kind,)) for kind in KINDS))
    at_length = slice(2)  # both have all kinds
    changed = (
        ("en", f"{ENGLISH} Where were they, by the way?"),
        ("zh", f"{CHINESE}老板的态度也挺热情的，大家都觉得非常满意。"),
    )


def vary(text: str, language: Language, seed: int = 0, **options: object) -> Variant:
    noise = Noise.model_validate({"share": 1.0, **options})
    return noise.vary(Source(text, language), Random(seed))


def edits(text: str, after: str) -> list[tuple[str, str]]:
    codes = SequenceMatcher(None, text, after, autojunk=False).get_opcodes()
    return [(text[a:b], after[c:d]) for kind, a, b, c, d in codes if kind != "equal"]


ENGLISH_WORDS = """
note knot nor now on one none know nota never ever evern can cant wont want won lack slack black fail
difficult without with about united good n't don't less not no Not KNOT wait, weather .
"""
CHINESE_WORDS = """
不 没 未 非 别 难 缺 少 乏 有 以 从 来 再 常 特 步 部 美 梅 飞 妃 为 位 胃 无 吴 五 绝 对 并 毫 过 是 好
吃 的 ， 。 非常 特别 差不多 难以 没有 不过 南非 识别 未来
"""


@given(st.lists(st.sampled_from(ENGLISH_WORDS.split()), max_size=12).map(" ".join), st.integers(0, 2**32))
@settings(CONTRACT, max_examples=300)
def test_no_english_slip_makes_or_unmakes_a_negation(text: str, seed: int) -> None:
    check_negations(text, vary(text, "en", seed))


@given(st.lists(st.sampled_from(CHINESE_WORDS.split()), max_size=14).map("".join), st.integers(0, 2**32))
@settings(CONTRACT, max_examples=300)
def test_no_chinese_slip_makes_or_unmakes_a_negation(text: str, seed: int) -> None:
    check_negations(text, vary(text, "zh", seed))


def check_negations(text: str, variant: Variant) -> None:
    spans = list(negations(text))
    assert len(list(negations(variant.after))) == len(spans), (text, variant.after)
    for start, end in spans:
        assert variant.forward(start, end) is not None


@pytest.mark.parametrize(
    ("language", "text", "kept"),
    [
        ("en", "Write to ann.lee@mail.example soon", "ann.lee@mail.example"),
        ("en", "Look at https://shop.example/item?color=blue today", "https://shop.example/item?color=blue"),
        ("en", "They paid $1,299.99 within 45days", "$1,299.99"),
        ("en", "Thanks @somebody for #holiday pictures", "@somebody"),
        ("en", "Read <b class=wide>notes/final.txt</b> again", "<b class=wide>notes/final.txt</b>"),
        ("en", "Some 中文 words between others", "中文"),
        ("zh", "请看https://shop.example/item?color=blue这个网址", "https://shop.example/item?color=blue"),
        ("zh", "一共花了1,299元，等了三十分钟", "1,299元"),
        ("zh", "一共花了1,299元，等了三十分钟", "三十分钟"),
        ("zh", "马上给我们换了两碗汤", "两碗"),
        ("zh", "这家店的coffee味道很好[微笑]", "[微笑]"),
        ("zh", "这家店的coffee味道很好[微笑]", "coffee"),
    ],
)
def test_numbers_addresses_mark_up_and_the_other_language_stay(
    language: Language, text: str, kept: str
) -> None:
    for seed in SEEDS:
        assert kept in vary(text, language, seed).after


@given(st.text(alphabet="ab一二3百.5元 ,$", max_size=30), st.sampled_from(["en", "zh"]), st.integers(0, 99))
def test_every_literal_stays(text: str, language: Language, seed: int) -> None:
    variant = vary(text, language, seed)
    assert all(variant.forward(*span) is not None for span in literals(text))


@pytest.mark.parametrize("kind", ["insert", "delete", "swap", "keyboard"])
def test_an_english_word_is_hit_once_and_keeps_its_first_letter(kind: Kind) -> None:
    for seed in SEEDS:
        after = vary(ENGLISH, "en", seed, kinds=[kind]).after
        for word, slipped in zip(ENGLISH.split(), after.split(), strict=True):
            grown = {"insert": 1, "delete": -1, "swap": 0, "keyboard": 0}[kind]
            assert len(slipped) - len(word) == (grown if len(word.strip(",.")) >= 4 else 0)
            assert slipped[0] == word[0]
            assert kind != "swap" or sorted(slipped) == sorted(word)


def test_a_chinese_slip_keeps_every_word_there() -> None:
    for kind in ("insert", "delete", "swap", "keyboard", "homophone"):
        for seed in SEEDS:
            variant = vary(CHINESE, "zh", seed, kinds=[kind])
            assert all(map(is_cjk, "".join(new for _, new in edits(CHINESE, variant.after))))
            assert variant.after != CHINESE or kind in ("delete", "keyboard")
    assert vary("好。的。", "zh", kinds=["delete"]).after == "好。的。"


def test_the_share_is_of_the_words_and_clauses() -> None:
    text = " ".join(["garden"] * 40)
    for share, hit in ((0.05, 2), (0.1, 4), (0.01, 1), (1.0, 40)):
        after = vary(text, "en", share=share, kinds=["swap"]).after
        assert sum(word != "garden" for word in after.split()) == hit
    text = "花园，" * 40
    fillers = vary(text, "zh", share=0.1, kinds=["filler"]).after
    assert fillers.count("，") - 40 >= 4


def test_fillers_stand_at_the_beginning_of_clauses() -> None:
    made = {
        vary("The soup was hot, and Ann liked it.", "en", seed, kinds=["filler"], share=0.5).after
        for seed in range(200)
    }
    said = [filler.replace("_", " ") for filler in word_list("fillers.en")]
    assert made == {
        *(f"The soup was hot, {filler}, and Ann liked it." for filler in said),
        *(f"{filler[0].upper()}{filler[1:]}, the soup was hot, and Ann liked it." for filler in said),
    }
    made = {
        vary("汤很烫，服务员很热情", "zh", seed, kinds=["filler"], share=0.5).after for seed in range(200)
    }
    assert made == {
        *(f"汤很烫，{filler}，服务员很热情" for filler in word_list("fillers.zh")),
        *(f"{filler}，汤很烫，服务员很热情" for filler in word_list("fillers.zh")),
    }


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a good film , well made", {"um , a good film , well made", "a good film , um , well made"}),
        ("I came, I saw", {"Um, I came, I saw", "I came, um, I saw"}),
        ("Paris is 1,000 years old", {"Paris is 1,000 years old"}),
    ],
)
def test_a_filler_is_written_as_the_text_around_it(text: str, after: set[str]) -> None:
    made = {vary(text, "en", seed, kinds=["filler"], share=0.5).after for seed in range(200)}
    assert {found for found in made if "um" in found.lower() or found == text} == after


def test_kinds_that_a_language_lacks_leave_the_text() -> None:
    assert vary("nothing sounds alike", "en", kinds=["homophone"]).after == "nothing sounds alike"
    assert vary("Their dog was here", "en", kinds=["homophone"], share=0.01).after != "Their dog was here"


def test_a_wrong_share_or_kind_is_refused() -> None:
    for wrong in ({"share": 0}, {"share": 1.5}, {"kinds": []}, {"kinds": ["typo"]}):
        with pytest.raises(ValidationError):
            Noise.model_validate(wrong)
