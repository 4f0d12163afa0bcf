from __future__ import annotations

import pytest

from luthier.augment.syntax import Syntax
from luthier.augment.variant import Variant


def said(text, kind):
    return [
        Variant.of(text, [(0, start), *change.pieces, (end, len(text))]).after
        for start, end, changes in Syntax(kinds=(kind,)).proposed(text, "zh")
        for change in changes
    ]


CLAUSES = [
    ("因为下雨，所以我们没去。", "我们没去，因为下雨。"),
    ("我们没去，因为下雨。", "因为下雨，所以我们没去。"),
    ("虽然价格有点贵，但是味道很好！", "味道很好，虽然价格有点贵！"),
    ("味道很好，虽然价格有点贵！", "虽然价格有点贵，但味道很好！"),
    ("如果有需要，我会再来的", "我会再来的，如果有需要"),
    ("我会再来的，如果有需要", "如果有需要，我会再来的"),
]
NO_CLAUSES = [
    "因为太贵，质量一般。",  # perhaps two reasons
    "如果不好吃，我就不来了。",
    "虽然贵，但也值得。",
    "虽然手机很贵，但是它很好用。",
    "如果下雨，怎么办？",
    "因为下雨，所以没去，在家睡觉。",
    "只有你来，我才去。",
    "很好吃，不是因为便宜。",
    "不会回购，要是能退我肯定退",
    "朋友说这个不消毒，因为会掉色。",
    "货已收到，因为家里忙一直没时间评价。",
    "没来得及拍照，因为家里忙……",
    "因为我工作的地方很近，所以经常去。",  # who goes would be named too late
    "味道不好，而且因为太远，所以不来了。",
]
ADVERBIALS = [
    ("昨天我们去了那家店。", "我们昨天去了那家店。"),
    ("我们昨天去了那家店。", "昨天我们去了那家店。"),
    ("昨天晚上我没吃饭，今天很饿。", "我昨天晚上没吃饭，今天很饿。"),
    ("味道好，但是其实我不喜欢。", "味道好，但是我其实不喜欢。"),
]
NO_ADVERBIALS = [
    "今天的菜很好。",
    "我今天的菜很好。",
    "今天我的包裹到了。",
    "今天我和朋友去了。",
    "今天味道不错。",
    "昨天买的。",
    "不过这次他们店有改进。",
    "上次同学聚会，很好。",
    "我们中午来的，人很多。",
    "他写了《昨天我去了》。",
    "可能朋友是敌人、爱人是对手。",
]
VOICE = [
    ("他把杯子打碎了。", ["杯子被他打碎了。", "他打碎了杯子。"]),
    ("杯子被他打碎了。", ["他把杯子打碎了。"]),
    ("他打碎了杯子。", ["他把杯子打碎了。"]),
    ("味道好，我把它吃完了", ["味道好，它被我吃完了"]),
    ("我已经把手机弄坏了。", ["手机已经被我弄坏了。", "我已经弄坏了手机。"]),
]
NO_VOICE = [
    "请把杯子打碎了。",
    "他没把杯子打碎。",
    "我想把它扔了。",
    "杯子被打碎了。",
    "他把杯子打碎了，很生气。",  # who is angry would change
    "他把书放在桌子上了。",
    "我把自己骗了。",
    "他被人发现了。",
    "他把一个杯子打碎了吗？",
    "把手机弄坏了。",
]
COORDINATION = [
    ("又快又好。", ["又好又快。"]),
    ("送餐又快又好，谢谢", ["送餐又好又快，谢谢"]),
    ("服务和环境都很好。", ["环境和服务都很好。"]),
    ("味道好，分量足。", ["分量足，味道好。"]),
    ("第一次点,味道很不错,服务态度好", ["第一次点,服务态度好,味道很不错"]),
]
NO_COORDINATION = [
    "又便宜。",
    "性价比又高又好吃。",
    "又吃又喝又玩。",
    "我和客服说了。",
    "味道好，分量也足。",
    "味道不错，有点咸。",
    "味道好，分量足，就是慢。",
    "手机的屏幕和电池坏了。",
    "味道好，但是分量少。",
    "先吃饭，再喝汤。",
    "是米饭还是面条？",
    "三斤和五斤都买了。",
]


@pytest.mark.parametrize(("before", "expected"), CLAUSES)
def test_a_clause_stands_on_the_other_side(before, expected):
    assert said(before, "clauses") == [expected]


@pytest.mark.parametrize(("before", "expected"), ADVERBIALS)
def test_an_adverbial_stands_on_the_other_side_of_the_subject(before, expected):
    assert said(before, "adverbials") == [expected]


@pytest.mark.parametrize(("before", "expected"), VOICE)
def test_a_sentence_is_said_in_another_voice(before, expected):
    assert said(before, "voice") == expected


@pytest.mark.parametrize(("before", "expected"), COORDINATION)
def test_coordinates_stand_the_other_way_round(before, expected):
    assert said(before, "coordination") == expected


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(("clauses", text) for text in NO_CLAUSES),
        *(("adverbials", text) for text in NO_ADVERBIALS),
        *(("voice", text) for text in NO_VOICE),
        *(("coordination", text) for text in NO_COORDINATION),
    ],
)
def test_what_is_unsure_stays(kind, text):
    assert said(text, kind) == []
