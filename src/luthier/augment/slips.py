"""Slips of the pen and the keyboard in one word.

Four of five misspelt words have one letter too many, one too few, one wrong or two swapped (Damerau 1964), so
a slip is one of these four. The first letter stays, as it does in most misspelt words (Kukich 1992).
"""

from __future__ import annotations

from functools import cache
from random import Random

from luthier.augment.sounds import alike, is_word, sounds, words_alike
from luthier.augment.words import word_list

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
LEAST_LETTERS = 4
"""An English word with fewer letters is left alone: one slip makes another word of it (`on`, `no`)."""
_LEAST_CHARACTERS = 3  # of a Chinese word that may lose one: of two that remain, a reader makes out the word


@cache
def neighbours(letter: str) -> str:
    """Returns the letters around a small letter on a QWERTY keyboard; none for another character."""
    for number, row in enumerate(_ROWS):
        at = row.find(letter)
        if at >= 0:
            # Each row of keys is shifted to the right by about half a key against the one above it.
            above = _ROWS[number - 1][at : at + 2] if number else ""
            below = _ROWS[number + 1][max(0, at - 1) : at + 1] if number + 1 < len(_ROWS) else ""
            return row[max(0, at - 1) : at] + row[at + 1 : at + 2] + above + below
    return ""


@cache
def _sound_groups() -> dict[str, tuple[str, ...]]:
    groups = [tuple(group.split("/")) for group in word_list("homophones.en")]
    return {word: tuple(other for other in group if other != word) for group in groups for word in group}


def has_homophone(word: str) -> bool:
    """Tells whether an English word is one that people write for another that sounds alike."""
    return word.lower() in _sound_groups()


def english(word: str, kind: str, draw: Random) -> str | None:
    """Returns an English word as a slip leaves it; None where this kind does not fit it.

    Args:
        word: Letters from A to Z alone.
        kind: `insert`, `delete`, `swap`, `keyboard` or `homophone`.
        draw: The source of chance.
    """
    if kind == "homophone":
        others = _sound_groups().get(word.lower())
        return _cased(draw.choice(others), word) if others else None
    if len(word) < LEAST_LETTERS:
        return None
    if kind == "swap":
        return _swapped(word, range(1, len(word) - 1), draw)
    at = draw.randrange(1, len(word))
    if kind == "delete":
        return word[:at] + word[at + 1 :]
    letter = word[at]
    beside = neighbours(letter.lower())
    if kind == "insert":
        beside += letter.lower()  # a key that is hit twice
    struck = draw.choice(beside)
    struck = struck.upper() if letter.isupper() else struck
    return word[: at + (kind == "insert")] + struck + word[at + 1 :]


def chinese(word: str, kind: str, draw: Random) -> str | None:
    """Returns a Chinese word as a slip leaves it; None where this kind does not fit it.

    Args:
        word: Ideographs alone, as the segmenter cut them.
        kind: As for `english`; `keyboard` is the wrong word picked from what an input method offers.
        draw: The source of chance.
    """
    if kind == "swap":
        swapped = _swapped(word, range(len(word) - 1), draw)
        return None if swapped is None or is_word(swapped) else swapped
    if kind == "keyboard":
        others = words_alike(word)
        return draw.choice(others) if others else None
    at = draw.randrange(len(word))
    if kind == "insert":
        return word[:at] + word[at] + word[at:]
    if kind == "delete":
        return word[:at] + word[at + 1 :] if len(word) >= _LEAST_CHARACTERS else None
    # What makes another word would be read as that word, not as a slip.
    made = [word[:at] + other + word[at + 1 :] for other in alike(word[at], sounds(word)[at])]
    made = [other for other in made if len(word) == 1 or not is_word(other)]
    return draw.choice(made) if made else None


def _swapped(word: str, places: range, draw: Random) -> str | None:
    """Swaps two neighbours that differ, the first of them at one of the places."""
    differ = [at for at in places if word[at] != word[at + 1]]
    if not differ:
        return None
    at = draw.choice(differ)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _cased(word: str, like: str) -> str:
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word[:1].upper() + word[1:] if like[:1].isupper() else word
