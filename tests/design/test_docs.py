import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from luthier.design import STRATEGIES, Design, DeviationKind, SampleWriter
from luthier.tasks import Aspects, Example

PAGE = (Path(__file__).parents[2] / "docs" / "design.md").read_text("utf-8")
SAMPLES = re.findall(r"`(\{[^`\n]*\})`\n```text\n(.*?)\n```", PAGE, re.DOTALL)
TASK = Aspects(aspects=("food", "price", "parking"))
EXAMPLE = Example(
    "r1",
    "The soup was cold, but it cost next to nothing.",
    {"food": "negative", "price": "positive"},
    reasons={"food": "the soup was cold", "price": "cost next to nothing"},
)


def load(text):
    return YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize(("options", "text"), SAMPLES)
def test_each_sample_of_the_page_is_what_the_design_writes(options, text):
    writer = SampleWriter(Design.model_validate(load(options)), TASK, None, "<|end|>")
    assert writer.sample(EXAMPLE).text.endswith(text)
    assert writer.sample(EXAMPLE).supervised_text in text


def test_the_page_shows_the_defaults_and_every_strategy_and_kind():
    assert len(SAMPLES) >= 7
    block = re.search(r"```yaml\n(design:\n.*?)```", PAGE, re.DOTALL)
    assert Design.model_validate(load(block[1])["design"]) == Design()
    assert all(f"| `{name}` |" in PAGE for name in [*STRATEGIES, *(kind.value for kind in DeviationKind)])
