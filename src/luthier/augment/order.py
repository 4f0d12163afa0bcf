"""Which sentences hang on the one before them, so that order carries meaning.

Each rule is on the safe side: a sentence that could move but stays costs a variant less; one that moves and
should not have costs the meaning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from luthier.augment.base import Source
from luthier.augment.sentences import final_mark
from luthier.augment.variant import Span
from luthier.text import is_cjk

_HEAD = 80  # characters at the beginning of a sentence that its first words are read from
_ENGLISH_WORD = re.compile(r"[^\W\d_]+")


def _words(listed: str) -> tuple[str, ...]:
    return tuple(listed.split())


def _phrases(listed: str) -> tuple[str, ...]:
    return tuple(f"{phrase.strip()} " for phrase in listed.split(","))


_ENGLISH_OPENERS = frozenset(
    _words("""
    however but so then therefore also and or nor yet still thus hence besides moreover furthermore otherwise
    instead meanwhile nevertheless nonetheless additionally similarly likewise consequently accordingly
    because plus anyway anyhow indeed rather again overall altogether afterwards later next soon eventually
    finally lastly ultimately once until since
    another other others both neither either such same one ones which who whose whom where why how
    yes no yeah yep nope sure ok okay right exactly absolutely well true correct
    """)
)
_ENGLISH_PHRASES = _phrases("""
    for example, for instance, for that, for this, in addition, in contrast, in fact, in short, in conclusion,
    in other words, in the end, in turn, in return, as a result, as such, as well, after that, after all,
    before that, at least, at last, of course, on the contrary, on the other, on top, that said, to sum up,
    to be fair, even so, even then, not only, not that, not so, not anymore, the other, the former,
    the latter, the same, the rest, all of, all in all, some of, most of, none of, much of
""")
# Looked for among the first words, since "When it arrived" and "I loved it" point back as "It arrived" does.
_ENGLISH_POINTERS = frozenset(
    _words("""
    he she it they him her them his hers its their theirs himself herself itself themselves
    this that these those there
    """)
)
_FIRST_WORDS = 3
_BEING = _words("is are was were s re isn aren wasn weren will")  # "There is" points at nothing

_CHINESE_OPENERS = _words("""
    但 可是 不过 然而 然后 所以 因此 因而 因为 于是 而 并 另外 此外 还 也 又 再 就 才 却 则 否则 同时 与此同时
    同样 相反 反而 反之 总之 总的 总体 综上 综合 随后 随即 接着 紧接着 后 之后 以后 最终 终于 结果 例如 比如
    譬如 像 尤其 特别是 甚至 何况 况且 不仅 不但 除此 除了 换句话 换言之 即 如此 当然 的确 确实 原来 毕竟
    反正 难怪 怪不得 可见 看来 只是 只不过 只好 至于 更 以及 或 要不 不然 前者 后者 两者 二者 对方 有的 另一
    一方面 是的 不是 好的 行 嗯 没错 为什么 怎么 对， 对。 对！ 没有， 没有。 有， 有。 可以， 可以。
""")
_CHINESE_POINTERS = re.compile("[^，,。]{0,3}[他她它这那此其该]")

_STEPS = re.compile(
    r"(?:first|second|third|fourth|fifth|last|final)(?:ly)?\b|(?:step|then|next|afterwards|eventually)\b"
    r"|(?:to begin with|to start with|at first|in the end)\b"
    r"|首先|其次|再次|然后|接着|随后|后来|最后|最终|起初|开始|一开始|起先|先|第[一二三四五六七八九十\d]|[一二三]是|[一二三]来"
    r"|[\s>]*(?:\d{1,3}\s?[.)、．）:：]|[(（][\d一二三四五六七八九十]{1,3}[)）]|[①-⑳]|[-*•·—]|[一二三四五六七八九十]{1,3}[、.．])"
    r"|[^\W\d_]{1,12}[:：]",
    re.IGNORECASE,
)
"""Ordinals, time steps, list marks and speakers: from the first such sentence to the last, order is kept."""

_GREETING = re.compile(
    r"(?:hi|hello|hey|dear|greetings|good (?:morning|afternoon|evening|day))\b"
    r"|你好|您好|大家好|各位|亲爱的|亲[，,]|尊敬的|早上好|下午好|晚上好|嗨|哈喽",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:(?:many )?thanks|thank you|cheers|bye|goodbye|(?:best |kind |warm )?(?:regards|wishes)|sincerely"
    r"|yours|respectfully|see you|take care|xoxo|p\.?\s?s)\b|(?:best|love)[,!.]"
    r"|谢谢|多谢|感谢|祝|此致|敬礼|再见|拜拜|以上|完毕",
    re.IGNORECASE,
)

_OPENING_QUOTES = "\"'“‘「『«"
_CLOSING_QUOTES = frozenset("\"'”’」』»")
_BRACKET = re.compile(r"[:;=]-?[()]|[\"“”「」『』（）()【】\[\]«»]")


def movable(source: Source, spans: Sequence[Span]) -> list[Span]:
    """Joins sentences that hang together, and leaves out those that stay where they are.

    Args:
        source: The text and what in it must stay whole.
        spans: Its sentences, in order.

    Returns:
        Spans that can stand in another order, each from the first to the last of the sentences that it holds.
    """
    heads = [_head(source.text, span) for span in spans]
    first, last = 0, len(spans)
    while first < last - 1 and _GREETING.match(heads[first]) and _apart(source, spans, first):
        first += 1
    while first < last - 1 and _CLOSING.match(heads[last - 1]) and _apart(source, spans, last - 2):
        last -= 1
    return _joined(source, spans[first:last])


def _apart(source: Source, spans: Sequence[Span], number: int) -> bool:
    """Tells whether nothing protected reaches from a sentence into the next."""
    return source.is_free(spans[number][1], spans[number + 1][0])


def _joined(source: Source, spans: Sequence[Span]) -> list[Span]:
    text = source.text
    heads = [_head(text, span) for span in spans]
    marks = [final_mark(text, span) for span in spans]
    steps = [number for number, head in enumerate(heads) if _STEPS.match(head)]
    # The first step has nothing before it to hang on, but the others do, whatever stands in between.
    kept = range(steps[0] + 1, steps[-1] + 1) if len(steps) > 1 else range(0)
    lines = not any(mark for mark, _ in marks)
    found: list[Span] = []
    depth, quoted = 0, False
    for number, span in enumerate(spans):
        if number and (
            number in kept
            or depth
            or quoted
            or _hangs(heads[number])
            or _leans(text[spans[number - 1][1] - 1], *marks[number - 1])
            or not (lines or marks[number - 1][0])
            or not _apart(source, spans, number - 1)
        ):
            found[-1] = (found[-1][0], span[1])
        else:
            found.append(span)
        depth, quoted = _open(text[span[0] : span[1]], depth, quoted=quoted)
    return found


def _head(text: str, span: Span) -> str:
    return text[span[0] : min(span[1], span[0] + _HEAD)]


def _hangs(head: str) -> bool:
    """Tells by its first words whether a sentence points back to the one before it."""
    if head[0] in _OPENING_QUOTES or _STEPS.match(head) or _CLOSING.match(head):
        return True
    first = next((number for number, char in enumerate(head) if char.isalpha()), None)
    if first is None:
        return True
    if is_cjk(head[first]):
        return head.startswith(_CHINESE_OPENERS, first) or _CHINESE_POINTERS.match(head, first) is not None
    words = [word.lower() for word in _ENGLISH_WORD.findall(head)]
    if words[0] == "there" and words[1:2] and words[1] in _BEING:
        return False
    if words[0] in _ENGLISH_OPENERS or _ENGLISH_POINTERS & set(words[:_FIRST_WORDS]):
        return True
    opening = " ".join(words[:4]) + " "
    return opening.startswith(_ENGLISH_PHRASES)


def _leans(last: str, mark: str, close: str) -> bool:
    """Tells by its end whether a sentence waits for the next: a question, a colon, a thought broken off.

    Args:
        last: The last character of the sentence.
        mark: The run of marks that it ends in, if any.
        close: What stands behind the mark.
    """
    if not mark:
        return last in ":：,，、-—"
    broken_off = "…" in mark or mark.startswith(("..", "。。"))
    return broken_off or bool(set(mark) & set("?？")) or bool(_CLOSING_QUOTES & set(close))


def _open(sentence: str, depth: int, *, quoted: bool) -> tuple[int, bool]:
    """Returns how many brackets, and whether a straight quotation mark, stand open behind a sentence."""
    for found in _BRACKET.finditer(sentence):
        mark = found[0]
        if mark == '"':
            quoted = not quoted
        elif mark in "“「『（(【[«":
            depth += 1
        elif mark in "”」』）)】]»":
            depth = max(0, depth - 1)
    return depth, quoted
