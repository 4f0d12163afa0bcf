from hypothesis import given
from hypothesis import strategies as st

from luthier.inference.token_tree import ROOT, TokenTree, shared_length

ROWS = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), min_size=1, max_size=8)


@given(ROWS)
def test_each_path_spells_its_sequence_and_shared_beginnings_are_held_once(rows):
    tree = TokenTree()
    paths = [tree.add(row) for row in rows]
    lines = tree.ancestors()
    for row, path in zip(rows, paths, strict=True):
        assert [tree.tokens[node] for node in path] == row
        assert lines[path[-1]] == path
        assert [tree.depths[node] for node in path] == list(range(len(row)))
        assert tree.parents[path[0]] == ROOT
    assert len(tree) == len({tuple(row[: end + 1]) for row in rows for end in range(len(row))})


@given(ROWS)
def test_shared_length(rows):
    expected = 0
    while all(len(row) > expected for row in rows) and len({row[expected] for row in rows}) == 1:
        expected += 1
    assert shared_length(rows) == expected
