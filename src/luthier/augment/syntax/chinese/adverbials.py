"""昨天我们去了 and 我们昨天去了: a time or a stance before the subject, or behind it."""

from __future__ import annotations

from collections.abc import Iterator

from luthier.augment.syntax.change import Pieces
from luthier.augment.syntax.chinese.lists import PERSONS, TIMES
from luthier.augment.syntax.chinese.sentence import Sentence, Word
from luthier.augment.syntax.wording import words

_BEFORE = words("但 但是 不过 可是 而且 因为 所以 然后 如果 虽然")
_CONTINUES = words("的 和 跟 与 及 同 或 还有 家 自己 这 那 们 之 等 一样 似的 所 个 时 时候")
_PRONOUNS = words("我 我们 咱们 咱 你 你们 他 她 他们 她们")
_EVENTS = words("聚 生日 推荐 结婚 介绍 请客 婚礼 家 店 送")
_PREDICATES = ("v", "d", "p", "a", "zg")
_PLACES = "店村家厂校班国区县市省屋公单"
"""Behind a pronoun, these are whose: 他们店, 我们村."""
_STANCES = words("其实 可能 也许 大概 本来")


def changes(sentence: Sentence) -> Iterator[Pieces]:
    """Yields the sentence with the adverbial of one of its comma clauses on the other side of the subject."""
    for at, segment in enumerate(sentence.segments):
        if not any(time in segment.text[:12] for time in TIMES):
            continue
        if sentence.is_named(at):
            continue
        words = segment.words()
        first = 1 if words and words[0].text in _BEFORE else 0
        length = _length(words, first)
        if length and _is_subject(words, first + length):
            pair = (first, first + length, first + length + 1)
        elif _is_person(words, first) and (length := _length(words, first + 1)):
            pair = (first, first + 1, first + 1 + length)
        else:
            continue
        if _goes_on(words, pair[2]) and _is_open(
            segment.text, {word.text for word in words[first : pair[2]]}
        ):
            begin, middle, end = (words[place].start for place in pair)
            yield sentence.replaced(
                at, ((segment.start, begin), (middle, end), (begin, middle), (end, segment.end))
            )


def _is_open(text: str, moved: set[str]) -> bool:
    """Tells whether the clause tells what somebody did, not what it is or whose.

    A noun may belong to what follows ("上次同学小聚", "上次朋友推荐的"), a pronoun hardly.
    """
    if text.endswith("的"):
        return False
    return bool(moved & _PRONOUNS) or not ("的" in text or any(word in text for word in _EVENTS))


def _length(words: tuple[Word, ...], at: int) -> int:
    """How many words the adverbial at a place has: "昨天", "昨天晚上"; 0 where there is none."""
    if at >= len(words) or words[at].text not in TIMES:
        return 0
    if at + 1 < len(words) and words[at + 1].text in TIMES and words[at].text not in _STANCES:
        return 2
    return 1


def _is_person(words: tuple[Word, ...], at: int) -> bool:
    return at < len(words) and words[at].text in PERSONS


def _is_subject(words: tuple[Word, ...], at: int) -> bool:
    return _is_person(words, at) and at + 1 < len(words)


def _goes_on(words: tuple[Word, ...], at: int) -> bool:
    """Tells whether a predicate follows, so that what stands before is neither an attribute nor a list."""
    if at >= len(words) or words[at].text in _CONTINUES or words[at].text in TIMES:
        return False
    if words[at].text[0] in _PLACES or (words[at - 1].text == "你" and words[at].text[0] in "看说"):
        return False
    return words[at].tag.startswith(_PREDICATES) and not words[at].tag.startswith("an")
