import math
from pathlib import Path

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from luthier.data.corpus import Source
from luthier.training.pretraining import Architecture, Optimisation, Pretraining

RECIPES = Path(__file__).parents[3] / "recipes" / "tiny"


def test_contradictions_are_refused():
    with pytest.raises(ValidationError, match="multiple of heads"):
        Architecture(hidden_size=100, heads=3)
    with pytest.raises(ValidationError, match="multiple of micro_rows"):
        Optimisation(rows=8, micro_rows=3)
    twice = (Source(path=Path("a/x.txt"), share=1), Source(path=Path("b/x.txt"), share=1))
    with pytest.raises(ValidationError, match="same file name"):
        Pretraining(sources=twice, output=Path("run"))


@pytest.mark.parametrize("path", RECIPES.glob("*.yaml"), ids=lambda path: path.name)
def test_the_shipped_recipe_is_valid(path):
    recipe = Pretraining.model_validate(YAML(typ="safe").load(path))
    corpus = ["reviews"] if path.stem == "shopping" else ["wiki_zh", "wiki_en", "novels_en"]
    assert [source.name for source in recipe.sources] == corpus


@pytest.mark.parametrize(
    ("given", "steps"),
    [
        ({}, 2000),
        ({"steps": 7}, 7),
        ({"max_minutes": 5}, math.inf),
        ({"steps": 7, "max_minutes": 5}, 7),
    ],
)
def test_a_limit_in_minutes_takes_the_place_of_the_usual_steps(given, steps):
    assert Optimisation(**given).planned_steps == steps
    # What a run writes into its folder leaves out what is null.
    assert Optimisation(**Optimisation(**given).model_dump(exclude_none=True)).planned_steps == steps
