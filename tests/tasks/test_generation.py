from __future__ import annotations

import pytest
from hypothesis import strategies as st
from tests.tasks.contract import TaskContract

from luthier.tasks import Generation, RecordError, Task, Turn

TEXT = st.text(min_size=1, max_size=20).filter(str.strip)


class TestGeneration(TaskContract):
    tasks = (Generation(), Generation(language="zh"))

    def records(self, task: Task):
        return st.fixed_dictionaries({"input": TEXT, "output": TEXT})


def test_an_instruction_may_stand_for_the_input():
    example = Generation().example({"instruction": "Say hi.", "input": "", "output": "hi"}, id="1")
    assert (example.text, example.instruction, example.target) == ("", "Say hi.", "hi")


def test_history_and_system_become_turns():
    record = {
        "system": "Be kind.",
        "history": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
        "input": "c",
        "output": "d",
    }
    history = Generation().example(record, id="1").history
    assert history == (Turn("system", "Be kind."), Turn("user", "a"), Turn("assistant", "b"))


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"input": " ", "output": "x"}, "there is no instruction"),
        ({"input": "x", "output": " "}, "output: is empty"),
        ({"input": "x", "output": 5}, "output: is the number 5"),
        ({"input": "x", "output": "y", "history": "z"}, "a list of turns"),
        (
            {"input": "x", "output": "y", "history": [{"role": "bot", "content": "z"}]},
            "history[0]: is an object",
        ),
        (
            {"input": "x", "output": "y", "history": [{"role": "assistant", "content": "z"}]},
            "a turn of the user",
        ),
        ({"input": "x", "output": "y", "history": [{"role": "user", "content": "z"}]}, "ends with the user"),
    ],
)
def test_wrong_records_are_told(record, words):
    with pytest.raises(RecordError) as caught:
        Generation().example(record, id="1")
    assert words in str(caught.value)


def test_no_answer_is_the_empty_text():
    example = Generation().example({"input": "x", "output": "y"}, id="1")
    assert Generation().target({}, example) == ""
