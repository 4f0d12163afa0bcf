"""Sentences in another order, and those that stay where they are."""

from random import Random

import pytest
from tests.augment.contract import SEEDS, AugmenterContract

from luthier.augment.base import Source
from luthier.augment.order import movable
from luthier.augment.reorder import Reorder
from luthier.augment.sentences import sentences
from luthier.augment.variant import Span
from luthier.text import Language


class TestReorder(AugmenterContract):
    augmenters = (Reorder(), Reorder(copies=2))
    changed = (
        ("en", "The room was clean. Breakfast starts at eight. The staff spoke three languages."),
        ("zh", "房间很干净。早餐八点开始。服务员会说三种语言。"),
    )


def after(text: str, language: Language = "en", seed: int = 0, protected: tuple[Span, ...] = ()) -> str:
    return Reorder().vary(Source(text, language, protected), Random(seed)).after


def found(text: str, language: Language) -> list[str]:
    source = Source(text, language)
    return [text[start:end] for start, end in movable(source, sentences(text, language))]


def test_two_sentences_change_places_and_the_gap_stays() -> None:
    assert after("The room was clean.\n\nBreakfast was late.") == "Breakfast was late.\n\nThe room was clean."
    assert after("房间很干净。早餐很晚。", "zh") == "早餐很晚。房间很干净。"
    assert (
        after("  The room was clean!  Was breakfast late? \n")
        == "  Was breakfast late?  The room was clean! \n"
    )


@pytest.mark.parametrize(
    ("language", "text", "moved"),
    [
        ("en", "Rooms are clean. Food is good", "Food is good. Rooms are clean"),
        ("en", "Rooms are clean! Food is good", "Food is good. Rooms are clean!"),
        ("en", "rooms are clean . food is good", "food is good . rooms are clean"),
        ("zh", "房间干净。早餐好吃", "早餐好吃。房间干净"),
        ("zh", "房间干净！早餐好吃", "早餐好吃。房间干净！"),
        ("zh", "房间干净；早餐好吃。", "早餐好吃；房间干净。"),
        ("zh", "房间干净。早餐好吃，", "早餐好吃。房间干净，"),
        ("zh", "房间干净！早餐好吃，", "早餐好吃。房间干净！"),
        ("zh", "房间干净\n早餐好吃", "早餐好吃\n房间干净"),
        ("zh", "房间干净。早餐好吃😀", "早餐好吃😀。房间干净"),
    ],
)
def test_full_stops_stay_in_their_places_and_other_marks_move(
    language: Language, text: str, moved: str
) -> None:
    assert after(text, language) == moved


@pytest.mark.parametrize(
    "second",
    [
        "However, the food was good.",
        "But the food was good.",
        "It rained all day.",
        "When she came, we left.",
        "We loved it.",
        "This was the best part.",
        "For example, the soup was cold.",
        "The other room was small.",
        "“Never again,” said my wife.",
        "- the soup.",
        "2. The soup.",
        "😀!",
    ],
)
def test_an_english_sentence_that_points_back_stays_behind_the_one_before_it(second: str) -> None:
    assert found(f"Room nine was clean. {second} Staff spoke French.", "en") == [
        f"Room nine was clean. {second}",
        "Staff spoke French.",
    ]


@pytest.mark.parametrize(
    "second",
    [
        "但是早餐很晚。",
        "所以我们走了。",
        "他很热情。",
        "这家店不错。",
        "我们喜欢它。",
        "另外，停车方便。",
        "例如汤。",
    ],
)
def test_a_chinese_sentence_that_points_back_stays_behind_the_one_before_it(second: str) -> None:
    assert found(f"房间很干净。{second}早餐好吃。", "zh") == [f"房间很干净。{second}", "早餐好吃。"]


@pytest.mark.parametrize(
    ("language", "first"),
    [
        ("en", "Is the room clean?"),
        ("en", "Here is what we had:"),
        ("en", "We waited and waited..."),
        ("en", "“A clean room.”"),
        ("zh", "房间干净吗？"),
        ("zh", "等了又等……"),
        ("zh", "有人说：“干净。”"),
    ],
)
def test_a_sentence_that_waits_for_the_next_keeps_it(language: Language, first: str) -> None:
    second = "Breakfast starts at eight." if language == "en" else "早餐好吃。"
    third = "Staff spoke French." if language == "en" else "停车方便。"
    gap = {"en": " ", "zh": ""}[language]
    text = gap.join([first, second, third]).replace(": B", ":\nB")
    assert found(text, language)[1:] == [third]


def test_steps_keep_their_order_with_all_that_stands_between() -> None:
    text = "Maps help. First, buy a ticket. Trains are fast. Then board a train. Towns are old."
    assert found(text, "en") == [
        "Maps help. First, buy a ticket. Trains are fast. Then board a train.",
        "Towns are old.",
    ]
    text = "首先打开盒子。盒子很轻。最后装上电池。电池耐用。"
    assert found(text, "zh") == ["首先打开盒子。盒子很轻。最后装上电池。", "电池耐用。"]
    assert found("1. Open the box.\n2. Take out the lamp.\n3. Throw the box away.", "en") == [
        "1. Open the box.\n2. Take out the lamp.\n3. Throw the box away."
    ]
    assert len(found("顾客：你好。\n客服：您好。\n顾客：衣服小了。", "zh")) == 1


def test_greetings_and_closings_stay_where_they_are() -> None:
    english = "Hello! Rooms are clean. Food is good. Best regards, Ann"
    assert found(english, "en") == ["Rooms are clean.", "Food is good."]
    assert after(english) == "Hello! Food is good. Rooms are clean. Best regards, Ann"
    assert found("你好！房间干净。早餐好吃。谢谢！", "zh") == ["房间干净。", "早餐好吃。"]


def test_brackets_quotations_and_headings_are_not_torn_apart() -> None:
    assert found("Rooms are clean (we saw two. Both were new.) Food is good.", "en") == [
        "Rooms are clean (we saw two. Both were new.)",
        "Food is good.",
    ]
    assert found("Rooms are clean :( Food is good. Staff are slow.", "en")[-1] == "Staff are slow."
    assert len(found('Ann said "rooms are clean. Food is good. Staff are slow." Bob left.', "en")) == 1
    assert found("Rooms\nBeds are soft. Walls are thin.", "en") == [
        "Rooms\nBeds are soft.",
        "Walls are thin.",
    ]


@pytest.mark.parametrize("text", ["One sentence only.", "Rooms are clean. But food is bad.", "a, b; c"])
def test_a_text_of_fewer_than_two_blocks_stays_as_it_is(text: str) -> None:
    assert {after(text, seed=seed) for seed in SEEDS} == {text}


def test_every_order_comes_up_and_never_the_old_one() -> None:
    made = {after("Rooms are clean. Food is good. Staff are slow.", seed=seed) for seed in range(200)}
    assert len(made) == 5
    assert "Rooms are clean. Food is good. Staff are slow." not in made


def test_what_is_protected_keeps_its_order_and_the_rest_moves_around_it() -> None:
    text = "Rooms are clean. Food is good. Staff are slow."
    protected = ((0, 5), (31, 36))
    made = {after(text, seed=seed, protected=protected) for seed in range(100)}
    assert made == {
        "Food is good. Rooms are clean. Staff are slow.",
        "Rooms are clean. Staff are slow. Food is good.",
    }
    assert (
        after("Rooms are clean. Food is good.", protected=((0, 5), (17, 21)))
        == "Rooms are clean. Food is good."
    )
    across = "Rooms are clean. Food is good. Staff are slow."
    assert {after(across, seed=seed, protected=((10, 21),)) for seed in SEEDS} == {
        "Staff are slow. Rooms are clean. Food is good."
    }


def test_a_sentence_protected_with_the_space_around_the_text_stays() -> None:
    text = " Rooms are clean. Food is good. Staff are slow. "
    assert after(text, protected=((0, 5),)) == " Rooms are clean. Staff are slow. Food is good. "
    assert after(text, protected=((40, 48),)) == " Food is good. Rooms are clean. Staff are slow. "


def test_a_protected_full_stop_moves_with_its_sentence() -> None:
    assert after("Rooms are clean. Food is good", protected=((10, 16),)) == "Food is good. Rooms are clean."
