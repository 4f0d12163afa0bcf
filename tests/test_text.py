import pytest

from luthier.text import guess_language, is_cjk, nearest, normalise, shorten


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The soup was cold.", "en"),
        ("汤是凉的。", "zh"),
        ("iPhone 6s 的电池不行", "zh"),
        ("I ate 包子 there", "en"),
        ("123", "en"),
    ],
)
def test_guess_language(text: str, language: str) -> None:
    assert guess_language(text) == language


def test_is_cjk_knows_ideographs_from_kana_and_punctuation() -> None:
    assert [is_cjk(char) for char in "好あ。a"] == [True, False, False, False]


def test_normalise_folds_width_case_and_space() -> None:
    assert normalise("  Ｆood\u3000 \nIS：Good ") == "food is:good"


def test_nearest_returns_the_option_in_its_own_spelling() -> None:
    assert nearest("posative", ["Positive", "Negative"]) == "Positive"
    assert nearest("xyz", ["Positive", "Negative"]) is None


def test_shorten_keeps_to_the_width() -> None:
    assert shorten("a  b\nc", 60) == "a b c"
    assert shorten("abcdef", 4) == "abc…"
