"""How sure a model was of what it wrote, where no closed label can be scored instead.

The mean probability of tokens says how fluently a text was written: punctuation and names of fields, which
are certain, drown the one word that was a guess. What an extraction is worth depends on its least certain
span, so that is looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from luthier.inference.generation import Generated


def least_certain(
    generated: Generated, decode: Callable[[Sequence[int]], str], values: Sequence[str]
) -> float:
    """Returns the probability of the least certain part of an answer, 0 to 1.

    A part is one of `values` where it stands in the text (the product over its tokens, given all before), or
    any single token outside of them: that a list ends here, or that there is nothing of a type, is a decision
    too, and a span that the model left out shows there alone.

    Args:
        generated: What the model wrote.
        decode: Token ids to text.
        values: As they were read from the text, in its order; one that does not stand there (written in other
            words, escaped) has its tokens judged one by one.
    """
    text = decode(generated.ids)
    steps = generated.probabilities
    outside = [True] * len(steps)
    parts = []
    cursor = 0
    for value in values:
        start = text.find(value, cursor)
        if start < 0 or not value:
            continue
        cursor = start + len(value)
        # The token that reaches beyond `start` holds the first character; the last may reach further.
        first = _tokens_for(generated.ids, decode, start + 1) - 1
        last = _tokens_for(generated.ids, decode, cursor)
        parts.append(prod(steps[first:last]))
        outside[first:last] = [False] * (last - first)
    parts += [step for step, is_outside in zip(steps, outside, strict=True) if is_outside]
    return min(parts)


def _tokens_for(ids: Sequence[int], decode: Callable[[Sequence[int]], str], characters: int) -> int:
    """Returns how many tokens it takes to write so many characters."""
    low, high = 0, len(ids)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if len(decode(ids[:middle])) >= characters else (middle + 1, high)
    return low
