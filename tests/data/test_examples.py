from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.data import Examples
from luthier.data.examples import in_batches
from luthier.tasks import UNPLACED, Entity, Example, Turn

TEXT = st.text(max_size=12)
TARGETS = st.one_of(
    st.none(),
    TEXT,
    st.lists(TEXT, max_size=3).map(tuple),
    st.dictionaries(TEXT, TEXT, max_size=3),
    st.lists(st.just(Entity(1, 2, "T", "x")) | st.just(Entity(UNPLACED, UNPLACED, "T", "y")), max_size=2).map(
        tuple
    ),
)
EXAMPLES = st.lists(
    st.builds(
        Example,
        id=TEXT,
        text=TEXT,
        target=TARGETS,
        text_pair=st.none() | TEXT,
        instruction=st.none() | TEXT,
        history=st.lists(st.builds(Turn, st.sampled_from(["user", "assistant"]), TEXT), max_size=2).map(
            tuple
        ),
        reasons=st.dictionaries(TEXT, TEXT, max_size=2),
        language=st.none() | TEXT,
        domain=st.none() | TEXT,
        group=st.none() | TEXT,
        weight=st.floats(0.1, 9),
        origin=TEXT,
    ),
    max_size=5,
)


@given(EXAMPLES)
@settings(max_examples=40, deadline=None)
def test_examples_come_back_from_disk_as_they_were(examples):
    assert list(Examples.write(examples)) == examples
    assert list(Examples.of(examples)) == examples


def some(count):
    return [Example(str(number), f"text {number}", "a") for number in range(count)]


def test_examples_stay_what_they_were_when_another_file_takes_their_place(tmp_path):
    path = tmp_path / "examples.arrow"
    before, after = Examples.write(some(3), path), Examples.write(some(5), path)
    assert [len(list(before)), len(list(after))] == [3, 5]
    path.unlink()
    assert [len(list(before)), len(list(after))] == [3, 5]


def test_batches_of_long_texts_are_short():
    examples = [Example(str(number), "x" * 3_000_000, "a") for number in range(3)] + some(1001)
    sizes = [len(batch) for batch in in_batches(examples)]
    assert sizes == [2, 1000, 2]


def test_indexing_slicing_and_selecting():
    examples = Examples.write(some(2500))  # more than one batch
    assert len(examples) == 2500
    assert [examples[0].id, examples[-1].id] == ["0", "2499"]
    assert [e.id for e in examples[1000:1003]] == ["1000", "1001", "1002"]
    assert [e.id for e in examples.select([5, 3, 5]).select([1, 2])] == ["3", "5"]
    assert [e.id for e in examples] == [str(number) for number in range(2500)]


def test_save_load_and_map(tmp_path):
    examples = Examples.of(some(3)).map_examples(lambda e: Example(e.id, e.text.upper(), e.target))
    examples.save(tmp_path / "a" / "x.arrow")
    assert [e.text for e in Examples.load(tmp_path / "a" / "x.arrow")] == ["TEXT 0", "TEXT 1", "TEXT 2"]
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["x.arrow"]


def test_reading_streams(tmp_path):
    taken = []

    def source():
        for example in some(5000):
            taken.append(example.id)
            yield example

    class StoppedError(Exception):
        pass

    def failing():
        for number, example in enumerate(source()):
            if number == 1500:
                raise StoppedError
            yield example

    with pytest.raises(StoppedError):
        Examples.write(failing(), tmp_path / "x.arrow")
    assert len(taken) == 1501
    assert list(tmp_path.iterdir()) == []  # nothing half-written stays


def test_records_leave_out_what_is_empty():
    example = Example("1", "t", (Entity(0, 1, "T", "t"),), history=(Turn("user", "h"),), weight=2.0)
    assert list(Examples.of([example]).to_records()) == [
        {
            "id": "1",
            "text": "t",
            "target": [{"start": 0, "end": 1, "type": "T", "text": "t"}],
            "history": [{"role": "user", "content": "h"}],
            "weight": 2.0,
        }
    ]
