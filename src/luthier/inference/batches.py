"""Batches of prompts: of like length, and of one beginning where it pays to read that once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from luthier.design.sample import Sample

_PASS = {"cpu": 32, "cuda": 512}
"""About how many tokens of a prompt can be read in the time of a pass over a single one, by device.

A pass costs reading the weights and starting the kernels: the ratio of a device's arithmetic to its memory.
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Prompts to be read together.

    Attributes:
        rows: Their positions among all prompts, the longest first.
        shared: How many first tokens of all of them are the same and worth reading once; 0 for none.
    """

    rows: tuple[int, ...]
    shared: int


def beginning(prompt: Sample) -> str:
    """Returns the text before a prompt's input: the same for all examples with one wording."""
    texts = []
    for segment in prompt.segments:
        if segment.role == "input":
            break
        texts.append(segment.text)
    return "".join(texts)


def common_length(rows: Sequence[Sequence[int]]) -> int:
    """Returns how many first tokens all rows share; the last token of a row is its own."""
    first, last = min(map(tuple, rows)), max(map(tuple, rows))
    limit = min(map(len, rows)) - 1
    pairs = zip(first[:limit], last[:limit], strict=True)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), limit)


def batches(
    prompts: Sequence[Sequence[int]],
    beginnings: Sequence[str],
    size: Callable[[int], int],
    *,
    answer: int,
    device: str = "cpu",
) -> Iterator[Batch]:
    """Groups prompts of like length, and of one beginning where that is worth it.

    A batch more costs passes: one for the prompts, one for each token of the answers. A beginning is worth
    batches of its own where each saves more tokens than its passes stand for; and a batch ends, full or not,
    before its padding takes more.

    Args:
        prompts: Token ids.
        beginnings: What may be shared, for each prompt.
        size: Prompts that fit in a batch, by the tokens of the longest.
        answer: Tokens that may be written after each prompt.
        device: Type of the model's device.

    Yields:
        Batches, those of the group with the longest prompt first: what does not fit fails at once.
    """
    a_pass = _PASS.get(device, _PASS["cuda"])
    passes = a_pass * (1 + answer)
    by_text: dict[str, list[int]] = defaultdict(list)
    for at, text in enumerate(beginnings):
        by_text[text].append(at)
    groups: list[tuple[int, list[int]]] = [(0, [])]
    for rows in by_text.values():
        shared = common_length([prompts[at] for at in rows])
        together = min(len(rows), size(max(len(prompts[at]) for at in rows)))
        if shared * (together - 1) >= passes:
            groups.append((shared, rows))
        else:
            groups[0][1].extend(rows)
    lengths = [len(prompt) for prompt in prompts]
    for _, rows in groups:
        rows.sort(key=lambda at: (-lengths[at], at))
    for shared, rows in sorted(groups, key=lambda group: -max((lengths[at] for at in group[1]), default=0)):
        for batch in _cut(rows, lengths, size, passes):
            yield Batch(batch, shared if shared * (len(batch) - 1) >= a_pass else 0)


def _cut(
    rows: Sequence[int], lengths: Sequence[int], size: Callable[[int], int], passes: int
) -> Iterator[tuple[int, ...]]:
    """Cuts rows, the longest first, into batches that fit and have no more padding than `passes` tokens."""
    batch: list[int] = []
    padding = 0
    for row in rows:
        if batch:
            padding += lengths[batch[0]] - lengths[row]
            if len(batch) >= size(lengths[batch[0]]) or padding > passes:
                yield tuple(batch)
                batch, padding = [], 0
        batch.append(row)
    if batch:
        yield tuple(batch)
