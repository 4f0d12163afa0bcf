"""Examples written under headings are read back to the same example, for every task and language."""

from __future__ import annotations

import pytest

from luthier.design import Design
from luthier.generation.form import ExampleForm
from luthier.generation.plan import Plan
from luthier.generation.prompt import write_prompt
from luthier.tasks import Aspects, Classification, Entity, Example, Extraction, Generation, Task

CASES: list[tuple[Task, Example]] = [
    (Classification(labels=("up", "down")), Example("a", "Prices rise.\n\nAnd rise.", "up")),
    (
        Classification(labels=("蕴含", "矛盾"), language="zh"),
        Example("a", "他在跑步。", "蕴含", text_pair="他在运动。"),
    ),
    (Classification(labels=("x", "y", "z"), multi_label=True), Example("a", "Both of them.", ("x", "z"))),
    (
        Aspects(aspects=("food", "price"), language="en"),
        Example("a", "The soup was cold.", {"food": "negative"}),
    ),
    (
        Extraction(types=("菜品", "地点"), language="zh"),
        Example("a", "城南的牛肉面。", (Entity(0, 2, "地点", "城南"), Entity(3, 6, "菜品", "牛肉面"))),
    ),
    (Generation(), Example("a", "2 + 2", "four", instruction="Say the number.")),
    (Generation(language="zh"), Example("a", "写一句话。", "好的。")),
]


@pytest.mark.parametrize(("task", "example"), CASES)
def test_what_is_written_is_read_back(task: Task, example: Example) -> None:
    form = ExampleForm(task, Design(), example)
    asked = example.target if form.asks_target else None
    assert form.read(form.write(example), asked, "a").example == example
    assert form.read(f"```\n{form.write(example)}\n```", asked, "a").example == example


@pytest.mark.parametrize(("task", "example"), CASES)
def test_a_plain_prompt_breaks_off_where_its_reply_goes_on(task: Task, example: Example) -> None:
    form = ExampleForm(task, Design(), example)
    prompt = write_prompt(Plan(0, example, (example,), {}), form)
    whole = form.write(example, answer_first=form.asks_target)
    assert prompt.plain.startswith(whole)
    assert prompt.plain.endswith(form.opening)
    # What a model that only continues text writes: the rest of an example, and then the next one.
    written = form.write(example).removeprefix(form.opening)
    body = written.partition("\n\n###")[0] if form.asks_target and example.text_pair is None else written
    reply = f"{body}{form.stop}\nanother"
    asked = example.target if form.asks_target else None
    text = form.opening + reply.partition(form.stop)[0]
    assert form.read(text, asked, "a", is_plain=True).example == example


def test_headings_are_understood_as_models_write_them() -> None:
    task = Classification(labels=("up", "down"))
    form = ExampleForm(task, Design(), Example("a", "x", "up"))
    for text in (
        "Sure! Here it is:\n\n### Text\nPrices fall.\n\n### Answer\ndown",
        "**Text:** Prices fall.\n**Answer:** down",
        "# Text:\nPrices fall.\n## Answer:\ndown\n\n### Text\nAnother.\n### Answer\nup",
    ):
        found = form.read(text, "down", "n").example
        assert found is not None, text
        assert (found.text, found.target) == ("Prices fall.", "down")


def test_an_entity_that_its_text_does_not_hold_is_told() -> None:
    task, example = CASES[4]
    form = ExampleForm(task, Design(), example)
    written = form.write(example).replace("城南的牛肉面。", "城北的牛肉面。")
    assert form.read(written, None, "n").kind == "answer: not_in_text"


def test_a_prompt_says_what_is_asked_in_the_tasks_language() -> None:
    task, example = CASES[1]
    prompt = write_prompt(
        Plan(0, example, (example,), {"语气": "客气"}), ExampleForm(task, Design(), example)
    )
    assert "它的答案必须是：\n\n蕴含" in prompt.user
    assert "这个样本的要求：语气：客气。" in prompt.user
    assert "### 文本一\n他在跑步。\n\n### 文本二\n他在运动。\n\n### 答案\n蕴含" in prompt.user
