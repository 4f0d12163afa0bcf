"""他把杯子打碎了, 杯子被他打碎了, 他打碎了杯子."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from luthier.augment.syntax.change import Pieces
from luthier.augment.syntax.chinese.lists import CONJUNCTIONS, PERSONS, TIMES
from luthier.augment.syntax.chinese.sentence import Sentence, Word
from luthier.augment.syntax.wording import words
from luthier.augment.variant import Piece

_VERBS = (
    "打弄摔碰撞压踩砸撕剪切拆咬吃喝看用写做洗擦扫拿丢扔删卖退换搬抢偷"
    "修烧挤刮折卸喂听读花磨扯搞翻发留填送寄装染搅"
)
_RESULTS = "碎|坏|破|断|裂|烂|丢|掉|光|完|干净|脏|湿|错|走|倒|死|疼|没|砸|反|混|乱"
_RESULTATIVE = re.compile(rf"[{_VERBS}](?:{_RESULTS})了")
_AFFECTING = re.compile(
    rf"(?:[{_VERBS}](?:{_RESULTS})|骗|坑|偷|抢|骂|忽悠|撞|扔|删|毁|退|拆|吃|忘|拒绝|取消|吸引|惊艳|感动|打动|征服|签收|气死|害惨"
    "|坑惨|误导|蒙骗|欺骗|修改|更换|调换|拉黑|退货|遗忘|抛弃)了"
)
"""Verbs with a result, or that change their object by themselves."""
_ADVERBS = words("已经 昨天 今天 刚刚 刚才 不小心 又 终于 全")
_NOUN_TAGS = ("n", "r", "uj", "j", "eng", "s", "a")
_NO_OBJECTS = words("自己 什么 谁 哪 大家 别人 人家 一切 所有 的 其 各 每 咱 有的")


class _Parts(NamedTuple):
    """Pieces of a comma clause: who, adverbs, what, and the verb with what follows it."""

    who: Piece
    adverbs: Piece
    what: Piece
    verb: Piece
    is_pronoun: bool
    verb_text: str


def changes(sentence: Sentence) -> Iterator[Pieces]:
    """Yields the sentence with its last comma clause in another voice.

    Only the last: what follows would take the new subject for its own.
    """
    last = len(sentence.segments) - 1
    segment = sentence.segments[last]
    if sentence.is_question or "了" not in segment.text or len(segment.text) > 24:
        return
    words = segment.words()
    led = words[:1] and words[0].text in CONJUNCTIONS | TIMES and words[0].text not in ("把", "被")
    start = words[1].start if led and len(words) > 1 else segment.start
    for clause in _clauses(words[1:] if led else words):
        yield sentence.replaced(last, ((segment.start, start), *clause))


def _clauses(words: tuple[Word, ...]) -> Iterator[Pieces]:
    texts = [word.text for word in words]
    if texts.count("把") == 1 and "被" not in texts:
        parts = _around(words, texts.index("把"), subject_acts=True)
        if parts is not None:
            yield (parts.what, parts.adverbs, "被", parts.who, parts.verb)
            if _RESULTATIVE.fullmatch(parts.verb_text) and not parts.is_pronoun:
                yield (parts.who, parts.adverbs, parts.verb, parts.what)
    elif texts.count("被") == 1 and "把" not in texts:
        parts = _around(words, texts.index("被"), subject_acts=False)
        if parts is not None:
            yield (parts.who, parts.adverbs, "把", parts.what, parts.verb)
    else:
        yield from _plain(words)


def _around(words: tuple[Word, ...], at: int, *, subject_acts: bool) -> _Parts | None:
    """Reads "A (adverb) 把 B V了" or "B (adverb) 被 A V了"."""
    adverb = at - 1 if at > 1 and words[at - 1].text in _ADVERBS else at
    verb = next(
        (place for place in range(at + 1, len(words)) if _AFFECTING.fullmatch(_text(words[place:]))), None
    )
    if verb is None or verb == at + 1 or adverb < 1:
        return None
    subject, object_ = words[:adverb], words[at + 1 : verb]
    who, what = (subject, object_) if subject_acts else (object_, subject)
    if not _acts(who) or not _is_thing(what):
        return None
    return _Parts(
        _span(who), (words[adverb].start, words[at].start), _span(what), _span(words[verb:]),
        what[-1].tag.startswith("r"), _text(words[verb:]),
    )  # fmt: skip


def _plain(words: tuple[Word, ...]) -> Iterator[Pieces]:
    """Reads "A VR了 B" and yields "A 把 B VR了"."""
    if len(words) < 4 or not _acts(words[:1]):
        return
    for end in range(2, min(5, len(words))):
        verb, what = words[1:end], words[end:]
        if _RESULTATIVE.fullmatch(_text(verb)) and _is_thing(what):
            yield (_span(words[:1]), "把", _span(what), _span(verb))
            return


def _acts(words: tuple[Word, ...]) -> bool:
    return len(words) == 1 and words[0].text in PERSONS


def _is_thing(words: tuple[Word, ...]) -> bool:
    """Tells whether words are a noun phrase that means something definite."""
    if not words or any(word.text in _NO_OBJECTS - {"的"} for word in words):
        return False
    if not all(word.tag.startswith(_NOUN_TAGS) or word.text in ("这个", "那个", "个") for word in words):
        return False
    return words[-1].tag.startswith("n") or (len(words) == 1 and words[0].tag.startswith("r"))


def _text(words: tuple[Word, ...]) -> str:
    return "".join(word.text for word in words)


def _span(words: tuple[Word, ...]) -> Piece:
    return (words[0].start, words[-1].end)
