import pytest
from pydantic import TypeAdapter, ValidationError

from luthier.design import Design, Json, Lines, Natural, Pairs

# Published definitions of the strategies (Guo et al. 2024).
STRATEGIES = {
    "es-sde": ("first", Lines, "placeholder"),
    "ew-sde": ("last", Natural, "omit"),
    "heuristic": ("first", Pairs, "omit"),
}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_strategy_fills_what_is_not_given(strategy):
    design = Design(strategy=strategy)
    instruction, format, unmentioned = STRATEGIES[strategy]
    assert (design.instruction, type(design.format), design.unmentioned) == (instruction, format, unmentioned)
    assert (design.loss_on, design.labels, design.reasoning, design.chat) == (
        "output",
        "text",
        "none",
        "auto",
    )


def test_a_given_option_overrides_its_strategy():
    design = Design.model_validate(
        {"strategy": "ew-sde", "unmentioned": "placeholder", "format": {"type": "json"}}
    )
    assert design.unmentioned == "placeholder"
    assert design.format == Json()
    assert design.instruction == "last"


def test_the_published_baseline_can_be_said():
    design = Design.model_validate({"strategy": "custom", "instruction": "last", "format": "natural"})
    assert (design.format, design.unmentioned, design.loss_on) == (Natural(), "placeholder", "output")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"strategy": "heuristic"},
        {"instructions": ["Do {labels}"], "wording": 0},
        {"format": "json", "reasoning": "after"},
    ],
)
def test_a_dump_reads_back_to_the_same_design(given):
    design = Design.model_validate(given)
    dump = design.model_dump(mode="json")
    assert Design.model_validate(dump) == design
    assert Design.model_validate(dump).model_dump(mode="json") == dump


@pytest.mark.parametrize(
    "given", [{"format": "linse"}, {"strategy": "best"}, {"strategy": ["x"]}, {"formt": "lines"}, []]
)
def test_wrong_options_are_refused(given):
    with pytest.raises(ValidationError):
        TypeAdapter(Design).validate_python(given)


def test_reasoning_needs_reasons():
    assert Design(format="json", reasoning="before").needs_reasons
    assert not Design().needs_reasons
