"""Slips in one word."""

from random import Random

import pytest
from tests.augment.contract import SEEDS

from luthier.augment import slips
from luthier.augment.words import word_list


def english(word: str, kind: str) -> set[str | None]:
    return {slips.english(word, kind, Random(seed)) for seed in range(200)}


def chinese(word: str, kind: str) -> set[str | None]:
    return {slips.chinese(word, kind, Random(seed)) for seed in range(200)}


@pytest.mark.parametrize(
    ("letter", "around"),
    [
        ("q", "wa"),
        ("g", "fhtyvb"),
        ("s", "adwezx"),
        ("p", "ol"),
        ("m", "njk"),
        ("a", "sqwz"),
        ("é", ""),
        ("1", ""),
    ],
)
def test_neighbours_are_the_keys_that_touch(letter: str, around: str) -> None:
    assert set(slips.neighbours(letter)) == set(around)


def test_neighbouring_keys_are_neighbours_of_each_other() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    assert all(letter in slips.neighbours(other) for letter in letters for other in slips.neighbours(letter))


def test_english_letters_are_swapped_dropped_doubled_or_missed() -> None:
    assert english("soup", "swap") == {"suop", "sopu"}
    assert english("soup", "delete") == {"sup", "sop", "sou"}
    assert english("soup", "keyboard") == {
        *("si" + "up", "sp" + "up", "sk" + "up", "sl" + "up"),
        *("so" + key + "p" for key in "yihj"),
        *("sou" + key for key in "ol"),
    }
    assert {"soup" + "p", "soou" + "p", "sou" + "o" + "p"[:0] + "p"} & english("soup", "insert")
    assert all(made is not None and len(made) == 5 and made[0] == "s" for made in english("soup", "insert"))
    assert english("been", "swap") == {"bene"}


def test_case_is_kept() -> None:
    assert all(made is not None and made.isupper() for made in english("SOUP", "keyboard"))
    assert all(made is not None and made.istitle() for made in english("Soup", "keyboard"))
    assert english("Their", "homophone") == {"There", "They're"}
    assert english("WERE", "homophone") == {"WHERE"}


def test_short_english_words_are_left_alone() -> None:
    assert english("on", "swap") == english("now", "delete") == {None}


def test_english_homophones_stand_in_one_group_each() -> None:
    words = [word for group in word_list("homophones.en") for word in group.split("/")]
    assert len(set(words)) == len(words)


def test_chinese_characters_are_doubled_dropped_or_swapped() -> None:
    assert chinese("服务员", "insert") == {"服服务员", "服务务员", "服务员员"}
    assert chinese("服务员", "delete") == {"务员", "服员", "服务"}
    assert chinese("服务", "delete") == {None}
    assert chinese("服务员", "swap") == {"务服员", "服员务"}
    assert chinese("看看", "swap") == {None}
    assert chinese("上海", "swap") == {None}  # 海上 is another word


def test_a_chinese_homophone_sounds_the_same_and_makes_no_other_word() -> None:
    from pypinyin import lazy_pinyin

    for seed in SEEDS:
        made = slips.chinese("服务", "homophone", Random(seed))
        assert made is not None
        assert made != "服务"
        assert lazy_pinyin(made) == ["fu", "wu"]
    assert "再" in chinese("在", "homophone")
