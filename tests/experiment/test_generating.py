"""Generation inside a run: training alone grows, and held-out texts do not come up again."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.generation.served import obedient_server

from luthier.errors import LuthierError, RecipeError
from luthier.experiment import load_recipe, run
from luthier.experiment.manifest import describe
from luthier.files import read_jsonl

Write = Callable[[dict[str, Any]], Path]


def test_new_examples_join_training_alone_and_a_resumed_run_asks_for_nothing_twice(
    recipe_values: dict[str, Any], write_recipe: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = recipe_values | {"evaluation": {"baselines": [], "bootstrap": 0}}
    with obedient_server() as (url, asked):
        model = {"url": url, "model": "m", "concurrency": 2}
        values["generate"] = {"model": model, "examples": 6, "max_characters": 500}
        recipe = load_recipe(write_recipe(values))
        with monkeypatch.context() as patch:
            patch.setattr(import_module("luthier.experiment.run"), "fit", _breaks)
            with pytest.raises(LuthierError, match="power cut"):
                run(recipe)
        before = len(asked)
        folder = run(recipe, resume=True)
        assert len(asked) == before
    made = list(read_jsonl(folder.data / "generated.jsonl"))
    assert len(made) == 6
    given = {row["id"] for row in read_jsonl(folder.data / "train.jsonl")}
    assert {name for row in made for name in row["generated"]["shown"]} <= given
    trained = folder.read(folder.manifest)["encoded"]
    assert trained["train"]["rows"] == len(given) + 6
    assert trained["validation"]["rows"] == 20 - len(given)
    assert folder.read(folder.data / "generated.json")["kept"] == 6


def _breaks(*_: object, **__: object) -> None:
    raise LuthierError("power cut")


def test_folds_and_generation_are_refused_together(
    recipe_values: dict[str, Any], write_recipe: Write
) -> None:
    recipe_values["generate"] = {"examples": 5}
    recipe_values["evaluation"] = {"folds": 2}
    path = write_recipe(recipe_values)
    line = path.read_text().splitlines().index("generate:") + 1
    with pytest.raises(RecipeError, match=rf"recipe.yaml:{line}: generate: cannot be combined with folds"):
        load_recipe(path)


@pytest.mark.parametrize("key", ["model", "agree"])
def test_other_weights_of_the_writer_or_the_judge_make_it_another_run(
    key: str, recipe_values: dict[str, Any], write_recipe: Write, tmp_path: Path
) -> None:
    weights = tmp_path / "earlier" / "model" / "model.safetensors"
    weights.parent.mkdir(parents=True)
    (tmp_path / "earlier" / "manifest.json").write_text("{}")
    recipe_values["generate"] = {"examples": 5, key: "earlier"}
    recipe = load_recipe(write_recipe(recipe_values))
    identities = []
    for content in (b"one", b"two", b"one"):
        weights.write_bytes(content)
        identities.append(describe(recipe)["identity"])
    assert identities[0] == identities[2] != identities[1]


def test_places_in_the_section_start_at_the_recipes_folder(
    recipe_values: dict[str, Any], write_recipe: Write, tmp_path: Path
) -> None:
    (tmp_path / "earlier").mkdir()
    recipe_values["generate"] = {"model": "earlier", "agree": "earlier"}
    found = load_recipe(write_recipe(recipe_values)).generate
    assert found is not None
    assert found.agree == found.model.name == str(tmp_path / "earlier")  # type: ignore[union-attr]
