"""因为, 虽然, 如果: a subordinate clause before its main clause, or behind it."""

from __future__ import annotations

from collections.abc import Iterator

from luthier.augment.syntax.change import Pieces
from luthier.augment.syntax.chinese.lists import ANAPHORS, CONJUNCTIONS, PERSONS
from luthier.augment.syntax.chinese.sentence import Segment, Sentence
from luthier.augment.syntax.wording import words

_CAUSE = ("因为",)
_CONCESSION = ("虽然", "虽说", "尽管")
_CONDITION = ("如果", "要是")
_ANSWERS = {
    **dict.fromkeys(_CAUSE, ("所以", "因此")),
    **dict.fromkeys(_CONCESSION, ("但是", "可是", "不过", "但")),
    **dict.fromkeys(_CONDITION, ("那么",)),
}
"""What a main clause begins with when it stands behind its subordinate one."""
_PUT_IN = {
    **dict.fromkeys(_CAUSE, "所以"),
    **dict.fromkeys(_CONCESSION, "但"),
    **dict.fromkeys(_CONDITION, ""),
}
_LINKED = words(
    "接着 就 也 都 还 却 才 则 更 便 再 又 还是 仍 仍然 依然 同样 那 反而 倒 只 只能 "
    "还有 除了 就是 是 总 总是"
)
"""Adverbs by which a main clause looks back at what stands before it."""
_UNFINISHED = frozenset("?？…~～")
_PARTICLES = tuple("吧呢啊嘛吗哦呀啦")
_OPEN = words("说 觉得 认为 以为 感觉 发现 想 怀疑 哪 谁 什么 怎么 为什么 其实 收到 反正 时间")
_LINKED_ON = words("肯定 一直 你")
_SHORT = 8
_SAYING = ("v", "a", "i", "l")
_MODAL = words("会 要 可以 能 能够 请 建议 应该 一定 最好 愿意 将 希望 推荐 不会")


def changes(sentence: Sentence) -> Iterator[Pieces]:
    """Yields a sentence of two comma clauses with the subordinate one on the other side."""
    if len(sentence.segments) != 2 or set(sentence.mark) & _UNFINISHED or not sentence.has_comma(1):
        return
    first, second = sentence.segments
    if min(len(first.text), len(second.text)) < 3:
        return
    gap = (first.end, second.start)
    word = _conjunction(first)
    if word is not None:
        main = _main(second, word)
        if main is not None and _is_free(first, skip=1) and not _names_first(first, sentence.text, main):
            yield (main, gap, first.span)
        return
    word = _conjunction(second)
    if word is not None and _is_whole(first, second, word) and _is_free(second, skip=1, points=True):
        yield (second.span, gap, _PUT_IN[word], first.span)


def _conjunction(segment: Segment) -> str | None:
    for word in _ANSWERS:
        if segment.text.startswith(word) and len(segment.text) >= len(word) + 2:
            return word if segment.words()[:1] and segment.words()[0].text == word else None
    return None


def _main(segment: Segment, word: str) -> tuple[int, int] | None:
    """The main clause without the word that answers the conjunction; None where it must stay behind."""
    answer = next((answer for answer in _ANSWERS[word] if segment.text.startswith(answer)), None)
    if answer is None and word not in _CONDITION:
        return None
    start = segment.start + len(answer or "")
    rest = Segment(segment.text[len(answer or "") :], start, segment.end)
    if len(rest.text) < 3 or not _is_free(rest, points=True):
        return None
    if word in _CONDITION and not any(modal in rest.text for modal in _MODAL):
        return None
    return start, segment.end


def _is_whole(main: Segment, sub: Segment, word: str) -> bool:
    """Tells whether a clause before its reason or condition is all that these belong to.

    A long one may go on without a comma ("如果想订餐请三思"), and what somebody says may hold the reason
    ("朋友说不消毒，因为掉色").
    """
    if not _is_free(main) or any(mark in main.text for mark in _OPEN):
        return False
    if word in _CONCESSION:
        return True
    said = sub.text[len(word) :].replace("需要", "")
    return len(said) <= _SHORT and not any(modal in said for modal in _MODAL | _LINKED_ON)


def _names_first(sub: Segment, text: str, main: tuple[int, int]) -> bool:
    """Tells whether the subordinate clause names a person whom the main clause leaves out."""
    return any(word.text in PERSONS for word in sub.words()) and not any(
        person in text[main[0] : main[1]] for person in PERSONS
    )


def _is_free(segment: Segment, skip: int = 0, points: bool = False) -> bool:
    """Tells whether a clause holds no other conjunction, and nothing that looks back at another clause.

    Args:
        segment: The clause.
        skip: Words at its beginning that are not looked at.
        points: Whether it may not have a pronoun either, because it goes before what the pronoun may mean.
    """
    words = segment.words()[skip:]
    says = any(word.tag.startswith(_SAYING) for word in words) or any(word in segment.text for word in _MODAL)
    if not says or segment.text.endswith(_PARTICLES):
        return False
    barred = CONJUNCTIONS | _LINKED | (ANAPHORS if points else frozenset())
    return bool(words) and not any(
        word.text in barred or (word.text[0] in "这那它他她该此其" and points) for word in words
    )
