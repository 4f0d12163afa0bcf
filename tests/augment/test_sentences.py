"""Where sentences end: hand-made texts, cut at the bars."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luthier.augment.sentences import final_mark, sentences
from luthier.text import Language

ENGLISH = [
    "It was cold.| We left!| Would you go? |Never.",
    "Dr. Smith met Mr. J. K. Brown at 9.30 a.m. in St. Ives.| They spoke.",
    "Use tools, e.g. Spacy, i.e. a parser.| See Fig. 3 and No. 5 for more.",
    "He said no. |Then it cost $3.50 or 1,299.99.| Fine.",
    "“Is it good?” he asked.| “It is.”| She (Ann) left (at last).| Then we ate.",
    'He shouted "Stop!" and ran.| "Why?"| Nobody knew.',
    "Well... maybe not.| It was… odd.| I waited... |Nobody came.",
    "Great!!! |Really?! |Wow 😀. |Nice!😀 |Yes",
    "1. Open the box.| 2. Take it out.",
    "See https://a.example/b?c=1!d and www.b.example.| Mail a.b@c.example today.",
    "First line\n|Second line\n\n|Third. line three\n|4 more",
    "A long line that is\nbroken at the margin,\nas in old mail.| It ends.",
    "Plan I was bad and so was I.| We left.",
]
LOWER = [
    "a fine film . |it works . |see it !",
    "as george w. bush said , it ends . |it does",
    "it is slow... and dull . |mr. smith is good",
]
CHINESE = [
    "味道不错。|下次还来！|你呢？|好；|行",
    "他说：“你好。”|然后走了。|（真的！）|对。”",
    "好吃!!|真的?|价格3.5元.|不贵.iPhone 15.很好.|便宜",
    "嗯……|还行。|等等。。。|走了~|再见～",
    "用了3~5天，很好~|网址是www.a.example。|看http://a.example/?b=1。",
    "第一行\n|第二行，\n还是第二行\n|第三行",
    "“好吃！”，他说。|完了",
]


@pytest.mark.parametrize(
    ("language", "text"),
    [*(("en", text) for text in [*ENGLISH, *LOWER]), *(("zh", text) for text in CHINESE)],
)
def test_sentences_end_where_a_reader_ends_them(language: Language, text: str) -> None:
    plain = text.replace("|", "")
    found = [plain[start:end] for start, end in sentences(plain, language)]
    assert found == [part.strip() for part in text.split("|")]


@given(st.text(alphabet='aB字 .!?。！…;~"”)\n😀1,', max_size=40), st.sampled_from(["en", "zh"]))
def test_sentences_cover_all_but_white_space(text: str, language: Language) -> None:
    at, outside = 0, ""
    for start, end in sentences(text, language):
        assert at <= start < end
        assert text[start:end] == text[start:end].strip()
        outside += text[at:start]
        at = end
    assert not (outside + text[at:]).strip()


def test_the_final_mark_is_told_from_what_closes_it() -> None:
    assert final_mark("It is.", (0, 6)) == (".", "")
    assert final_mark("他说“好。”", (0, 6)) == ("。", "”")
    assert final_mark("Wow!! 😀", (0, 7)) == ("!!", " 😀")
    assert final_mark("no mark", (0, 7)) == ("", "")
    assert final_mark("A. B", (3, 4)) == ("", "")
