import pytest

from luthier.design import Design, check
from luthier.tasks import Aspects, Classification, Extraction, Generation

SENTIMENT = Classification(labels=("positive", "negative"))
ASPECTS = Aspects(aspects=("food", "price"))
EXTRACTION = Extraction(types=("ORG", "PER"))
TASKS = [
    SENTIMENT,
    Classification(labels=("positive", "negative"), pair=True),
    Classification(labels=("a", "b"), multi_label=True),
    ASPECTS,
    Aspects(aspects=("口味", "价格"), language="zh"),
    EXTRACTION,
    Extraction(types=("机构", "人名"), language="zh"),
    Generation(),
    Generation(language="zh"),
]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task.type}-{task.language}")
@pytest.mark.parametrize("format", ["natural", "lines", "json", "pairs"])
def test_sound_designs_pass(task, format):
    assert check(Design(format=format), task) == []


@pytest.mark.parametrize(
    ("given", "task", "field", "allowed"),
    [
        ({"unmentioned": "omit"}, SENTIMENT, "design.unmentioned", "placeholder"),
        ({"strategy": "ew-sde"}, Generation(), "design.unmentioned", "placeholder"),
        ({"labels": "number"}, EXTRACTION, "design.labels", "text"),
        ({"labels": "number"}, Generation(), "design.labels", "text"),
        ({"reasoning": "before"}, ASPECTS, "design.reasoning", "none"),
        ({"instruction": "none", "instructions": ["x"]}, ASPECTS, "design.instructions", ""),
        ({"instructions": []}, ASPECTS, "design.instructions", ""),
        ({"instructions": "title"}, ASPECTS, "design.instructions", "default"),
        ({"instructions": ["use {lables}"]}, ASPECTS, "design.instructions[0]", "{labels}"),
        ({"instructions": ["x", "{fields}"]}, SENTIMENT, "design.instructions[1]", "{labels}"),
        ({"wording": 99}, ASPECTS, "design.wording", "0 to 6"),
        ({"wording": 6}, Classification(labels=("a", "b"), pair=True), "design.wording", "0 to 5"),
        ({}, Extraction(types=("ORG",), unmentioned="a; b"), "task.unmentioned", ""),
    ],
)
def test_contradictions_are_refused(given, task, field, allowed):
    problems = check(Design.model_validate(given), task)
    assert [problem.field for problem in problems] == [field]
    assert allowed in problems[0].allowed
    assert problems[0].allowed or problems[0].hint


def test_a_misspelt_placeholder_gets_its_nearest_spelling():
    (problem,) = check(Design(instructions=("use {lables}",)), ASPECTS)
    assert "{labels}" in problem.hint


def test_all_contradictions_are_named_at_once():
    problems = check(Design(unmentioned="omit", reasoning="after"), SENTIMENT)
    assert {problem.field for problem in problems} == {"design.unmentioned", "design.reasoning"}


@pytest.mark.parametrize("strategy", ["es-sde", "ew-sde", "heuristic"])
def test_nasty_names_can_be_told_apart(strategy):
    task = Aspects(
        aspects=("food", "food: hot", 'the "best", really', "a\nb"), labels=("yes", "yes, but", "no: never")
    )
    assert check(Design(strategy=strategy), task) == []
