"""Documents cut into sentences, and words."""

import time
from random import Random

import pytest

from luthier.training.pretraining.instruct.material import Document, Material, content_words, occurrences


def test_sentences_end_where_they_end():
    text = (
        "Title here\nMr. J. Smith left the old town early. "
        '"Why did he go?" asked the tall man. In 3.5 days he was back.'
    )
    assert Document(text, "en").runs == (
        (
            "Mr. J. Smith left the old town early.",
            '"Why did he go?" asked the tall man.',
            "In 3.5 days he was back.",
        ),
    )
    assert Document(
        "他说：“我们明天早上就走。”大家都同意了这个建议！然后呢，没有人知道？", "zh"
    ).sentences == (
        "他说：“我们明天早上就走。”",
        "大家都同意了这个建议！",
        "然后呢，没有人知道？",
    )


def test_a_heading_parts_two_runs():
    text = "The first sentence stands here.\nHistory\nThe second sentence stands here."
    assert len(Document(text, "en").runs) == 2


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Jarred Shaw\nHe is a player.", "Jarred Shaw"),
        ("东富山站\n东富山站是车站。", "东富山站"),
        ("It rained all day.\nThen it stopped.", None),
        ("Only a heading", None),
        ("", None),
    ],
)
def test_a_title_is_a_heading_with_text_below(text, title):
    assert Document(text, "en").title == title


def test_a_word_is_whole_in_english_and_anywhere_in_chinese():
    assert occurrences("art", "Art, party, art.", "en") == [0, 12]
    assert occurrences("书", "书店有书", "zh") == [0, 3]


def test_content_words_leave_out_the_common_ones():
    assert content_words("The castle was there, and the castle has towers.", "en") == ["castle", "towers"]
    assert "博物馆" in content_words("我们在博物馆里。", "zh")


def test_a_passage_keeps_to_its_limit():
    text = " ".join(f"This is sentence number {number} of the text." for number in range(9))
    material = Material({"en": [text]}, {"en": 80})
    lengths = {len(material.passage("en", Random(seed), 1, 5).text) for seed in range(30)}
    assert max(lengths) <= 81
    assert material.passage("en", Random(0), 3, 3) is None


@pytest.mark.parametrize("unit", ["a", "a ", "Ab. ", "好", "好。", "(", "“"])
def test_a_very_long_document_costs_little(unit):
    started = time.monotonic()
    for language in ("en", "zh"):
        assert Document(unit * 1_000_000, language).sentences is not None
    assert time.monotonic() - started < 5
