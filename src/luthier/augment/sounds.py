"""Chinese words and characters that sound alike: what a pinyin input method offers beside the one meant.

Nothing is listed here. The characters are the 3,755 frequent ones of GB 2312 (level 1), their sounds come
from pypinyin, and which strings are words, and how frequent, from the dictionary of rjieba.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import islice, product

from luthier.augment.words import word_list

_OFFERED = 5  # candidates on the first page of an input method
_LEAST_FREQUENT = 100  # occurrences in the corpus behind the dictionary of jieba, of about 60 million words
NUMERALS = frozenset("零〇一二三四五六七八九十百千万亿两")


def alike(char: str, sound: str) -> tuple[str, ...]:
    """Returns frequent characters of the same syllable, whatever their tone, the most frequent first.

    Nobody types tones, so a slip does not heed them. Numerals and characters that negate are no candidates.

    Args:
        char: The character that was meant.
        sound: How it is read where it stands, from `sounds`.
    """
    found = (other for other in _by_syllable().get(_toneless(sound), ()) if other != char)
    return tuple(islice(found, _OFFERED))


@lru_cache(maxsize=65_536)
def words_alike(word: str) -> tuple[str, ...]:
    """Returns frequent words of two characters that sound like this one, tones and all, most frequent first.

    Tones count: a whole word of another tone is a word of which a reader no longer hears the one meant.
    """
    import rjieba

    if len(word) != 2:
        return ()
    places = [
        [other for other in _by_syllable().get(_toneless(sound), ()) if _sound(other) == sound]
        for sound in sounds(word)
    ]
    made = {"".join(pair) for pair in product(*places)} - {word}
    known = [(_frequency(other), other) for other in made if rjieba.has_word(other)]
    return tuple(other for often, other in sorted(known, reverse=True) if often >= _LEAST_FREQUENT)[:_OFFERED]


@lru_cache(maxsize=65_536)
def sounds(word: str) -> tuple[str, ...]:
    """Returns how each character of a word is read in it: `hao3`, the neutral tone as 5."""
    from pypinyin import Style, lazy_pinyin

    return tuple(lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True))


def is_word(word: str) -> bool:
    """Tells whether a string stands in the dictionary of rjieba."""
    import rjieba

    return bool(rjieba.has_word(word))


@cache
def _sound(char: str) -> str:
    return sounds.__wrapped__(char)[0]


@cache
def _by_syllable() -> dict[str, tuple[str, ...]]:
    """Frequent characters by syllable, the most frequent first."""
    left_out = {*NUMERALS, *word_list("negators.zh")}
    grouped: dict[str, list[str]] = {}
    for char in sorted(_level_one(), key=_frequency, reverse=True):
        if char not in left_out:
            grouped.setdefault(_toneless(_sound(char)), []).append(char)
    return {syllable: tuple(chars) for syllable, chars in grouped.items()}


def _level_one() -> str:
    """The characters of rows 16 to 55 of GB 2312, which the standard sets apart as the frequent ones."""
    rows, columns = range(16, 56), range(1, 95)
    codes = bytes(byte + 0xA0 for row in rows for column in columns for byte in (row, column))
    return codes.decode("gb2312", errors="ignore")  # the last five places of row 55 are empty


def _frequency(word: str) -> int:
    import rjieba

    return int(rjieba.suggest_freq(word))


def _toneless(sound: str) -> str:
    return sound.rstrip("12345")
