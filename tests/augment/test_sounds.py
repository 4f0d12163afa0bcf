"""Chinese that sounds alike."""

from luthier.augment.sounds import alike, is_word, sounds, words_alike
from luthier.augment.words import word_list


def test_a_character_is_read_as_its_word_says() -> None:
    assert sounds("银行") == ("yin2", "hang2")
    assert sounds("行走") == ("xing2", "zou3")
    assert sounds("妈吗") == ("ma1", "ma5")


def test_frequent_characters_of_the_same_syllable_come_first() -> None:
    assert "做" in alike("作", "zuo4")
    assert set(alike("是", "shi4")) <= set("时事使市式室史士世视试示识石师诗失实始食施适势释饰拾")
    assert len(alike("是", "shi4")) == 5
    assert alike("是", "no such sound") == ()


def test_words_that_sound_alike_tones_and_all() -> None:
    assert "权力" in words_alike("权利")
    assert "形式" in words_alike("形势")
    assert "幼稚" not in words_alike("优质")  # the same letters typed, other tones
    assert "优质" not in words_alike("幼稚")
    assert words_alike("服务员") == words_alike("好") == ()
    assert all(map(is_word, words_alike("权利")))


def test_no_candidate_negates_or_counts() -> None:
    refused = {*"零一二三四五六七八九十百千万亿两", *word_list("negators.zh")}
    for char, sound in (
        ("步", "bu4"),
        ("美", "mei2"),
        ("飞", "fei1"),
        ("气", "qi1"),
        ("是", "shi2"),
        ("为", "wei4"),
    ):
        assert not refused & set(alike(char, sound))
