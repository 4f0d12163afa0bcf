"""The sentences of a text in another order, where order carries no meaning."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Literal

from luthier.augment.base import Augmenter, Source
from luthier.augment.order import movable
from luthier.augment.sentences import final_mark, sentences
from luthier.augment.variant import Piece, Span, Variant

_NEUTRAL = (".", "。", "；", ";")
_TRAILING = (",", "，", "、")
_DEFAULT = {"en": ".", "zh": "。"}


class Reorder(Augmenter):
    """Puts the sentences of a text in another order.

    A sentence stays behind the one before it where it begins with a connective, a pronoun or a demonstrative
    among its first words, answers a question, belongs to a quotation, a list or a row of steps. A greeting
    stays first, a closing last. What moves are the blocks that remain; a text of fewer than two stays as it
    is. Blocks that hold protected spans keep their order among each other. White space and full stops stay in
    their places, so that a last sentence without its mark gets one where another follows it.
    """

    type: Literal["reorder"] = "reorder"

    def vary(self, source: Source, draw: Random) -> Variant:
        """Returns the text with its blocks of sentences in another order; no chance where none can move."""
        blocks = movable(source, sentences(source.text, source.language))
        held = [not source.is_free(*block) for block in blocks]
        return _moved(source, blocks, _arranged(held, draw))


def _arranged(held: Sequence[bool], draw: Random) -> list[int]:
    """Draws an order other than the one there is, in which the blocks that are held stay in order.

    Args:
        held: For each block whether it must stay in order with the others that are.
        draw: The source of chance.

    Returns:
        For each place the number of the block that stands there.
    """
    there = list(range(len(held)))
    free = [number for number in there if not held[number]]
    if len(held) < 2 or not free:
        return there
    order = draw.sample(there, len(there))
    sorted_held = iter([number for number in there if held[number]])
    order = [next(sorted_held) if held[number] else number for number in order]
    if order == there:
        moving = draw.choice(free)
        order.remove(moving)
        order.insert(draw.choice([place for place in there if place != moving]), moving)
    return order


def _moved(source: Source, blocks: Sequence[Span], order: Sequence[int]) -> Variant:
    """Puts the blocks in order; the gaps between them, and neutral marks at their ends, stay in place."""
    text = source.text
    ends = [_full_stop(source, block) for block in blocks]
    default = next((end for end in ends if end and end not in _TRAILING), _DEFAULT[source.language])
    pieces: list[Piece] = []
    at = 0
    for place, number in enumerate(order):
        start, end = blocks[number]
        own, there = ends[number], ends[place]
        pieces.append((at, blocks[place][0]))
        at = blocks[place][1]
        if own is None or number == place:
            pieces.append((start, end))
            continue
        wanted = default if there is None else there
        gap = text[at:] if place == len(order) - 1 else text[at : blocks[place + 1][0]]
        if not wanted and "\n" not in gap and (gap.strip() or place < len(order) - 1):
            wanted = default
        pieces += [(start, end)] if wanted == own else [(start, end - len(own)), wanted]
    return Variant.of(text, [*pieces, (at, len(text))])


def _full_stop(source: Source, block: Span) -> str | None:
    """Returns the mark at the end of a block that says nothing but that it ends.

    Returns:
        A full stop, semicolon or trailing comma, with the space that tokenised text has before it; nothing
        where the mark is missing; None where the block ends in a mark of its own, such as a question mark, or
        in a protected one.
    """
    start, end = block
    mark, close = final_mark(source.text, block)
    if not mark and source.text[end - 1] in _TRAILING:
        mark = source.text[end - 1]  # a writer who stopped in the middle: the comma stays at the end
    elif not mark:
        return ""
    if close or mark not in _NEUTRAL + _TRAILING:
        return None
    if source.text[end - 2 : end - 1].isspace():
        mark = source.text[end - 2 : end]
    return mark if end - len(mark) > start and source.is_free(end - len(mark), end) else None
