from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from tests.training.engine.rows import draws, row

from luthier.models import UNSUPERVISED
from luthier.training.engine import Layout, lay_out

TOKENS = st.integers(1, 3)
# Few different tokens, so that rows share beginnings of every length, are equal and begin one another.
ROWS = st.lists(
    st.tuples(st.lists(TOKENS, min_size=1, max_size=40), st.lists(TOKENS, max_size=4)), min_size=1, max_size=9
)


def seen_by_each(layout: Layout) -> dict[int, list[int]]:
    """For every token of the packed row, the tokens that attention lets it see, itself last."""
    found = {}
    for branch in layout.branches:
        ancestors = [place for first, stop in branch.context for place in range(first, stop)]
        runs = [list(range(branch.first, branch.stop))]
        if branch.padding is not None:
            block: list[list[int]] = [[] for _ in range(branch.padding.runs)]
            for token, place in enumerate(branch.padding.gather.tolist()):
                block[place // branch.padding.width].append(branch.first + token)
            runs = block
        for run in runs:
            for number, token in enumerate(run):
                found[token] = ancestors + run[: number + 1]
    return found


@given(ROWS)
def test_every_token_sees_its_own_row_up_to_itself_and_nothing_else(
    drawn: list[tuple[list[int], list[int]]],
) -> None:
    rows = [prompt + answer for prompt, answer in drawn]
    layout = lay_out(rows, rows, [1.0] * len(rows))
    seen = seen_by_each(layout)
    ids, positions = layout.ids[0].tolist(), layout.positions[0].tolist()
    read = {tuple(ids[place] for place in places) for places in seen.values()}
    assert read == {tuple(one[:end]) for one in rows for end in range(1, len(one) + 1)}
    assert all(positions[token] == len(places) - 1 for token, places in seen.items())


@given(ROWS)
def test_every_supervised_token_is_asked_for_once_by_each_row(
    drawn: list[tuple[list[int], list[int]]],
) -> None:
    rows = [prompt + answer for prompt, answer in drawn]
    labels = [[UNSUPERVISED] * len(prompt) + answer for prompt, answer in drawn]
    weights = [1.0 + number for number in range(len(rows))]
    layout = lay_out(rows, labels, weights)
    seen, ids = seen_by_each(layout), layout.ids[0].tolist()
    found = [
        (tuple(ids[at] for at in seen[int(layout.asked[item])]), target, weight)
        for item, target, weight in zip(
            layout.items.tolist(), layout.targets.tolist(), layout.weights.tolist(), strict=True
        )
    ]
    wanted = [
        (tuple(one[:place]), one[place], weight)
        for one, marks, weight in zip(rows, labels, weights, strict=True)
        for place in range(1, len(one))
        if marks[place] != UNSUPERVISED
    ]
    assert [wanted[number] for number in layout.order.tolist()] == found


def test_a_shared_beginning_stands_once_and_a_level_below_it_too() -> None:
    draw = random.Random(0)
    common = draws(draw, 25)
    first, second, third = common + draws(draw, 40), common + draws(draw, 30), draws(draw, 33)
    rows = [
        row(beginning + [number] * number, [5])
        for number, beginning in enumerate([first, first, second, second, third], 1)
    ]
    layout = lay_out([one["input_ids"] for one in rows], [one["labels"] for one in rows], [1.0] * 5)
    inputs_and_answers = 1 + 2 + 3 + 4 + 5 + 5
    assert layout.branches[-1].stop == 25 + 40 + 30 + 33 + inputs_and_answers
    assert layout.tokens == 2 * 65 + 2 * 55 + 33 + inputs_and_answers


def test_kinds_of_rows_that_share_much_are_found_below_the_little_that_all_share() -> None:
    """As under a chat template: a few tokens open every row, then one of several wordings comes."""
    draw = random.Random(0)
    opening = draws(draw, 3)
    wordings = [opening + draws(draw, 40) for _ in range(4)]
    rows = [row(wordings[number // 2] + [number] * 5, [5]) for number in range(8)]
    layout = lay_out([one["input_ids"] for one in rows], [one["labels"] for one in rows], [1.0] * 8)
    assert layout.tokens == 8 * (43 + 5 + 1)
    assert layout.branches[-1].stop == 4 * 43 + 8 * (5 + 1)


def test_runs_of_very_different_length_are_not_padded_to_one_width() -> None:
    draw = random.Random(1)
    rows = [draws(draw, 300), draws(draw, 290), draws(draw, 20)]
    layout = lay_out(rows, rows, [1.0] * 3)
    blocks = [
        branch.padding.width if branch.padding else branch.stop - branch.first for branch in layout.branches
    ]
    assert blocks == [304, 20]
