"""Which words of a Chinese text may be replaced, and by which others."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from luthier.augment.base import Source
from luthier.augment.lexicons import Lexicon, Part
from luthier.augment.place import Place
from luthier.edits import Edit
from luthier.text import is_cjk

_SURROGATE = re.compile("[\ud800-\udfff]")
_TITLE = r"《[^《》\n]{1,60}》"
_NAMES = ("nr", "ns", "nt", "nz")
_PARTS: Mapping[str, Part] = {
    "n": "noun",
    "s": "noun",
    "f": "noun",
    "t": "noun",
    "v": "verb",
    "a": "adjective",
    "z": "adjective",
    "b": "adjective",
    "d": "adverb",
}
"""First letter of jieba's tag to part of speech; places (s), sides (f) and times (t) are listed as nouns."""

_NO_ADVERB_AFTER = frozenset(
    ("不", "没", "没有", "别", "未", "很", "太", "挺", "最", "更", "比较", "非常", "十分", "特别", "真")
)
"""不经常 is Chinese and 不常常 is not; after 很 a word such as 准时 is an adjective."""
_NEED_PREDICATE = frozenset(("非常", "十分", "极其", "极为", "过于", "太过", "更加", "更为"))
"""Adverbs of degree: 非常好 and 十分好, but 打十分 (ten points) and 非常时期 (extraordinary times)."""
_PREDICATES = tuple("advilz")
_BOUND = ("n", "k", "g", "q", "zg")
_UNBOUND = frozenset("啊哦噢嘛很够")
"""Tags of single characters that may make one word of the word before: 照片墙, 登山鞋, 早餐奶. And characters
with such a tag that never do."""
_SHORTEST_ASIDE = 3
"""Characters of an adverb that may be a clause of its own (说实话，) and not a predicate (准时。)."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A word as jieba cuts and tags it.

    Attributes:
        start: Offset in characters.
        end: Offset in characters, exclusive.
        text: The word.
        tag: jieba's part of speech, in the manner of ICTCLAS: n, v, a, d, nr for a person's name, x for none.
    """

    start: int
    end: int
    text: str
    tag: str


def segment(text: str) -> list[Segment]:
    """Cuts a text into words that together are the whole text."""
    import rjieba

    found: list[Segment] = []
    at = 0
    # A lone half of a UTF-16 pair cannot be handed over to Rust.
    for word, tag in rjieba.tag(_SURROGATE.sub("\ufffd", text)):
        found.append(Segment(at, at + len(word), text[at : at + len(word)], tag))
        at += len(word)
    return found


def chinese_places(source: Source, lexicon: Lexicon) -> Iterator[Place]:
    """Yields the replaceable words from first to last, in time proportional to the text's length."""
    segments = segment(source.text)
    fixed = _fixed(source.text, lexicon.phrases)
    for at, word in enumerate(segments):
        if not source.is_free(word.start, word.end) or not fixed.isdisjoint(range(word.start, word.end)):
            continue
        part = _part(word, lexicon)
        if part is None or not _stands_alone(segments, at, part) or not _fits(segments, at, part):
            continue
        near = _near(segments, at)
        # 上当受骗: two synonyms side by side would become the same word twice.
        options = [other for other in lexicon.synonyms(word.text, part) if other not in near]
        if options and near.isdisjoint(lexicon.synonyms(word.text, part)):
            yield Place(word.start, tuple((Edit(word.start, word.end, other),) for other in options))


def _part(word: Segment, lexicon: Lexicon) -> Part | None:
    """The part of speech under which a word is replaced; None where it is not, or that is not sure.

    jieba has one tag for each word of its dictionary, wherever it stands, and many are wrong (齐全 is a
    person's name to it). So a list that names the part of speech decides, and the tag only where the list
    leaves a choice.
    """
    if len(word.text) < 2 or not all(map(is_cjk, word.text)):
        return None
    parts = lexicon.parts(word.text)
    if len(parts) == 1 and None not in parts:
        return next(iter(parts))
    if not parts or word.tag.startswith(_NAMES):
        return None
    tagged = _PARTS.get(word.tag[:1])
    return tagged if None in parts or tagged in parts else None


def _near(segments: Sequence[Segment], at: int) -> frozenset[str]:
    """The words up to two places away."""
    around = (*segments[max(0, at - 2) : at], *segments[at + 1 : at + 3])
    return frozenset(word.text for word in around)


def _stands_alone(segments: Sequence[Segment], at: int, part: Part) -> bool:
    """Tells whether a word is no part of something longer: 打扫打扫, 喝酒不喝酒, 照片墙, 登山鞋."""
    if segments[at].text in _near(segments, at):
        return False
    after = segments[at + 1] if at + 1 < len(segments) else None
    if part not in {"noun", "verb"} or after is None or len(after.text) > 1 or not is_cjk(after.text):
        return True
    return after.text in _UNBOUND or not after.tag.startswith(_BOUND)


def _fits(segments: Sequence[Segment], at: int, part: Part) -> bool:
    """Tells whether an adverb stands where every adverb may; other words always fit."""
    if part != "adverb":
        return True
    before = segments[at - 1] if at else None
    after = segments[at + 1] if at + 1 < len(segments) else None
    if before is not None and before.text in _NO_ADVERB_AFTER:
        return False
    if segments[at].text in _NEED_PREDICATE:
        return after is not None and after.tag.startswith(_PREDICATES)
    if after is None or not any(map(is_cjk, after.text)):
        # At the end of a clause an adverb is the predicate itself: 风采依旧.
        opens = before is None or not any(map(is_cjk, before.text))
        return opens and len(segments[at].text) >= _SHORTEST_ASIDE
    return not after.tag.startswith(("u", "m", "q"))


def _fixed(text: str, phrases: tuple[str, ...]) -> frozenset[int]:
    """Offsets of the characters in titles and fixed expressions."""
    found: set[int] = set()
    for match in _fixed_pattern(phrases).finditer(text):
        found.update(range(*match.span()))
    return frozenset(found)


@functools.lru_cache(maxsize=16)
def _fixed_pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join([_TITLE, *map(re.escape, phrases)]))
