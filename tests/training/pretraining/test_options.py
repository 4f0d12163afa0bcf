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
    with pytest.raises(ValidationError, match="only where max_minutes is given"):
        Optimisation(steps=None)
    assert Optimisation(steps=None, max_minutes=5).steps is None
    twice = (Source(path=Path("a/x.txt"), share=1), Source(path=Path("b/x.txt"), share=1))
    with pytest.raises(ValidationError, match="same file name"):
        Pretraining(sources=twice, output=Path("run"))


@pytest.mark.parametrize("path", RECIPES.glob("*.yaml"), ids=lambda path: path.name)
def test_the_shipped_recipe_is_valid(path):
    recipe = Pretraining.model_validate(YAML(typ="safe").load(path))
    assert [source.name for source in recipe.sources] == ["wiki_zh", "wiki_en", "novels_en"]
