from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from luthier.report.highlight import difference, mark
from luthier.tasks.example import Entity

TEXT = "Bank of China in Rome"
BANK = Entity(0, 13, "ORG", "Bank of China")
CHINA = Entity(8, 13, "LOC", "China")
ROME = Entity(17, 21, "LOC", "Rome")
NOWHERE = Entity(-1, -1, "LOC", "Paris")


def test_nested_entities_share_pieces_and_end_inside_out():
    marked = mark(TEXT, [BANK, CHINA, ROME], [BANK])
    assert [piece.text for piece in marked.pieces] == ["Bank of ", "China", " in ", "Rome"]
    assert [piece.types for piece in marked.pieces] == [("ORG",), ("ORG", "LOC"), (), ("LOC",)]
    assert [piece.right for piece in marked.pieces] == [True, False, True, False]
    assert marked.pieces[1].ends == (("LOC", False), ("ORG", True))


def test_what_does_not_stand_in_the_text_is_listed_apart():
    marked = mark(TEXT, [ROME, NOWHERE], [ROME])
    assert marked.unplaced == (NOWHERE,)
    assert [piece.types for piece in marked.pieces] == [(), ("LOC",)]


def test_missed_and_invented_entities_both_count():
    assert difference([BANK, ROME], [ROME, CHINA, NOWHERE]) == 3
    assert difference([ROME], [Entity(17, 21, "LOC", "written otherwise")]) == 0


@given(st.data())
def test_pieces_add_up_to_the_text(data):
    text = data.draw(st.text("ab 汤", min_size=1, max_size=12))
    spans = data.draw(st.lists(st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text)))))
    entities = [Entity(a, b, "T", text[a:b]) for a, b in spans if a < b]
    marked = mark(text, entities, [])
    assert "".join(piece.text for piece in marked.pieces) == text
    assert sum(len(piece.ends) for piece in marked.pieces) == len({*entities})
