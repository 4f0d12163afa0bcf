from hypothesis import given
from hypothesis import strategies as st

from luthier.inference.batches import batches, common_length


def test_what_all_rows_share_leaves_each_a_token_of_its_own():
    assert common_length([[5, 9, 8, 1], [5, 9, 8, 2, 2], [5, 9, 8, 1, 1]]) == 3
    assert common_length([[1, 2, 3], [1, 2]]) == 1
    assert common_length([[1, 2, 3]] * 3) == 2
    assert common_length([[1], [2]]) == 0


def prompts_of(beginnings, lengths, shared):
    """Prompts of given lengths that differ from the token after their beginning on."""
    rows = []
    for number, (text, length) in enumerate(zip(beginnings, lengths, strict=True)):
        rows.append([*[ord(text)] * shared, 100 + number, *[7] * (length - shared - 1)])
    return rows


def test_a_beginning_has_batches_of_its_own_where_that_saves_more_than_it_costs():
    """Answers of three tokens are four passes, of 32 tokens each on a CPU: 128."""
    beginnings = ["a"] * 12 + ["b"] * 3
    prompts = prompts_of(beginnings, [70] * 12 + [75] * 3, shared=60)
    found = list(batches(prompts, beginnings, lambda _: 8, answer=3))
    # b saves 60 tokens twice, 120. The second batch of a saves 180, more than the pass that it takes.
    assert [(batch.rows, batch.shared) for batch in found] == [
        ((12, 13, 14), 0),
        (tuple(range(8)), 60),
        (tuple(range(8, 12)), 60),
    ]
    # On a GPU a pass stands for 512 tokens: a would save 420.
    on_gpu = batches(prompts, beginnings, lambda _: 8, answer=3, device="cuda")
    assert {batch.shared for batch in on_gpu} == {0}


def test_a_batch_ends_before_its_padding_takes_more_than_a_batch_costs():
    lengths = [100, 60, 60, 60, 60, 59]
    found = batches(prompts_of("abcdef", lengths, 0), "abcdef", lambda _: 32, answer=3)
    assert [batch.rows for batch in found] == [(0, 1, 2, 3), (4, 5)]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(12, 90)), max_size=60),
    st.integers(1, 9),
    st.integers(0, 4),
)
def test_every_prompt_is_in_one_batch_that_fits_and_shares_what_it_says(given_rows, size, answer):
    beginnings = [text for text, _ in given_rows]
    prompts = prompts_of(beginnings, [length for _, length in given_rows], shared=11)
    found = list(batches(prompts, beginnings, lambda _: size, answer=answer))
    assert sorted(at for batch in found for at in batch.rows) == list(range(len(prompts)))
    for batch in found:
        rows = [prompts[at] for at in batch.rows]
        assert len(rows) <= size
        assert len({tuple(row[: batch.shared]) for row in rows}) == 1
        assert batch.shared < min(map(len, rows))
        assert sum(len(rows[0]) - len(row) for row in rows) <= 32 * (1 + answer)
