from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.tasks.contract import TaskContract

from luthier.tasks import UNPLACED, Entity, Example, Extraction, RecordError, Task

# Few letters, so that surfaces repeat, nest and overlap; `#` and digits, so that they look like occurrences.
KNOTTY = st.text(alphabet="ab#12 \n北", min_size=1, max_size=14).filter(str.strip)


@st.composite
def records(draw, types):
    text = draw(KNOTTY)
    spans = st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text)), st.sampled_from(types))
    found = draw(st.lists(spans.filter(lambda span: span[0] < span[1]), unique=True, max_size=12))
    return {"text": text, "entities": [{"start": s, "end": e, "type": t} for s, e, t in found]}


class TestExtraction(TaskContract):
    tasks = (Extraction(types=("PER", "ORG")), Extraction(types=("人名", "机构"), language="zh"))

    def records(self, task: Task):
        assert isinstance(task, Extraction)
        return records(task.types)


@given(records(("A", "B")))
@settings(max_examples=500, deadline=None)
@example({"text": "aaaa", "entities": [{"start": i, "end": i + 2, "type": "A"} for i in range(3)]})
@example(
    {"text": "a a#1", "entities": [{"start": 2, "end": 5, "type": "A"}, {"start": 0, "end": 1, "type": "A"}]}
)
def test_every_set_of_spans_comes_back_exactly(record):
    task = Extraction(types=("A", "B"))
    one = task.example(record, id="1")
    assert task.target(task.answer(one), one) == one.target


def answer_of(text, *spans):
    task = Extraction(types=("T",))
    entities = [{"start": start, "end": end, "type": "T"} for start, end in spans]
    return task.answer(task.example({"text": text, "entities": entities}, id="1")).get("T", ())


def test_a_surface_is_bare_where_order_tells_its_place():
    assert answer_of("Bo met Al and Bo", (0, 2), (7, 9), (14, 16)) == ("Bo", "Al", "Bo")


def test_a_surface_carries_its_occurrence_where_order_does_not():
    assert answer_of("Bo met Al and Bo", (14, 16)) == ("Bo#2",)
    assert answer_of("aaa", (1, 3)) == ("aa#2",)


def test_a_surface_that_looks_like_an_occurrence_always_carries_one():
    assert answer_of("flat a#2", (5, 8)) == ("a#2#1",)


def test_strings_that_the_text_does_not_contain_are_unplaced():
    task = Extraction(types=("T",))
    one = Example("1", "Bo met Al")
    assert task.target({"T": ("Bo", "Cy", "Bo", "Al#9")}, one) == (
        Entity(UNPLACED, UNPLACED, "T", "Al"),
        Entity(UNPLACED, UNPLACED, "T", "Bo"),
        Entity(UNPLACED, UNPLACED, "T", "Cy"),
        Entity(0, 2, "T", "Bo"),
    )


def test_a_copied_surface_with_a_number_is_placed_as_it_stands():
    task = Extraction(types=("T",))
    assert task.target({"T": ("unit #4",)}, Example("1", "in unit #4")) == (Entity(3, 10, "T", "unit #4"),)
    huge = "#" + "9" * 6000
    assert task.target({"T": ("a" + huge,)}, Example("1", "a")) == (Entity(UNPLACED, UNPLACED, "T", "a"),)


@pytest.mark.parametrize(
    ("entity", "words"),
    [
        ({"start": 0, "end": 9, "type": "PER"}, "0 <= start < end <= 5"),
        ({"start": 2, "end": 2, "type": "PER"}, "start 2, end 2"),
        ({"start": -1, "end": 2, "type": "PER"}, "a whole number from 0"),
        ({"start": True, "end": 2, "type": "PER"}, "truth value true"),
        ({"start": 0, "type": "PER"}, "entities[0].end: is missing"),
        ({"start": 0, "end": 2, "type": "PRE"}, "did you mean 'PER'?"),
        ({"start": 0, "end": 2, "type": "PER", "text": "Al!"}, "is not what stands at 0 to 2: 'Al'"),
        ({"start": 0, "end": 1, "type": "PER", "text": "Al"}, "the end is exclusive: write 2"),
        ({"start": 0, "end": 2, "type": "PER", "text": "Bo"}, "it stands at 3 to 5"),
        ("Al", 'allowed: {"start": 0'),
    ],
)
def test_wrong_entities_are_told(entity, words):
    with pytest.raises(RecordError) as caught:
        Extraction(types=("PER", "ORG")).example({"text": "Al Bo", "entities": [entity]}, id="1")
    assert any(words in str(problem) for problem in caught.value.problems)


def test_the_same_span_twice_is_refused_but_two_types_are_not():
    task = Extraction(types=("PER", "ORG"))
    span = {"start": 0, "end": 2}
    with pytest.raises(RecordError, match=r"entities\[1\]: repeats 'Al' \(PER\) at 0"):
        task.example({"text": "Al", "entities": [{**span, "type": "PER"}] * 2}, id="1")
    both = task.example(
        {"text": "Al", "entities": [{**span, "type": "PER"}, {**span, "type": "ORG"}]}, id="1"
    )
    assert {entity.type for entity in both.target} == {"PER", "ORG"}
    assert task.strata(both) == ("PER", "ORG")


def test_offsets_count_characters_not_bytes():
    one = Extraction(types=("名",)).example(
        {"text": "😀李雷来了", "entities": [{"start": 1, "end": 3, "type": "名", "text": "李雷"}]}, id="1"
    )
    assert one.target == (Entity(1, 3, "名", "李雷"),)


def test_relabel_renames_types():
    record = {"entities": [{"start": 0, "end": 1, "type": "person"}]}
    assert Extraction(types=("PER",)).relabel(record, {"person": "PER"})["entities"][0]["type"] == "PER"
