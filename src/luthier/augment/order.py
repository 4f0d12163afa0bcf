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
from luthier.augment.words import word_list
from luthier.text import is_cjk

_HEAD = 80  # characters at the beginning of a sentence that its first words are read from
_ENGLISH_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH_OPENERS = tuple(f"{opener.replace('_', ' ')} " for opener in word_list("openers.en"))
# Looked for among the first words, since "When it arrived" and "I loved it" point back as "It arrived" does.
_ENGLISH_POINTERS = frozenset(word_list("pointers.en"))
_FIRST_WORDS = 3
# "There is" points at nothing; what stands behind an apostrophe is a word of its own here.
_BEING = frozenset({"is", "are", "was", "were", "s", "re", "isn", "aren", "wasn", "weren", "will"})

_CHINESE_OPENERS = word_list("openers.zh")
_CHINESE_POINTERS = re.compile("[^，,。]{0,5}[他她它这那此其该]")

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
    found = _joined(source, spans[first:last])
    # What is protected may reach into the white space at either end of the text.
    if found and not source.is_free(found[0][0], found[0][0]):
        found = found[1:]
    if found and not source.is_free(found[-1][1], found[-1][1]):
        found = found[:-1]
    return found


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
    pointing = not _ENGLISH_POINTERS.isdisjoint(words[:_FIRST_WORDS])
    return pointing or f"{' '.join(words)} ".startswith(_ENGLISH_OPENERS)


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
