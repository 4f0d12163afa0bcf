from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from luthier.errors import RecipeError
from luthier.experiment.recipe import Recipe, load_recipe, load_task

Write = Callable[[dict[str, Any]], Path]


def problems(path: Path) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    return [str(problem) for problem in caught.value.problems]


def test_only_task_and_train_are_required(tmp_path: Path, write_recipe: Write) -> None:
    (tmp_path / "a.jsonl").write_text("{}")
    recipe = load_recipe(
        write_recipe({"task": {"type": "generation"}, "data": {"train": "a.jsonl"}, "model": str(tmp_path)}),
        inputs=False,
    )
    assert recipe.method.type == "lora"
    assert recipe.design.strategy == "es-sde"


def test_paths_start_from_the_recipes_folder(recipe_values: dict[str, Any], write_recipe: Write) -> None:
    path = write_recipe(recipe_values)
    recipe = load_recipe(path)
    assert recipe.data.train == str(path.parent / "train.jsonl")
    assert recipe.data.tests["ood"].path == str(path.parent / "ood.jsonl")


def test_a_local_model_is_found_from_any_working_directory(
    recipe_values: dict[str, Any], write_recipe: Write, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(model_folder.parent)
    recipe = load_recipe(write_recipe(recipe_values | {"model": model_folder.name}))
    assert recipe.model.name == str(model_folder.resolve())
    assert load_recipe(write_recipe(recipe_values | {"model": "luthier/tiny"})).model.name == "luthier/tiny"


def test_a_model_that_can_only_be_a_missing_folder_is_refused_at_once(
    recipe_values: dict[str, Any], write_recipe: Write
) -> None:
    # The hub's own library raises an error of its own kind on such a name.
    with pytest.raises(RecipeError, match=r"model: 'my model' is no folder here and cannot be a hub id"):
        load_recipe(write_recipe(recipe_values | {"model": "my model"}))


def test_all_errors_at_once_each_with_its_line(recipe_values: dict[str, Any], write_recipe: Write) -> None:
    recipe_values["trainning"] = {"epochs": 3}
    recipe_values["method"] = {"type": "lorra"}
    recipe_values["design"] = {"format": "linez", "instruction": "middle"}
    recipe_values["training"]["batch_size"] = "many"
    path = write_recipe(recipe_values)
    found = problems(path)
    lines = path.read_text().splitlines()

    def line(start: str) -> str:
        return f":{1 + next(index for index, text in enumerate(lines) if text.strip().startswith(start))}:"

    (unknown,) = [item for item in found if "trainning" in item]
    assert line("trainning:") in unknown
    assert "did you mean 'training'?" in unknown
    (method,) = [item for item in found if "lorra" in item]
    assert line("type: lorra") in method
    assert "full, freeze, lora, p-tuning-v2" in method
    assert "did you mean 'lora'?" in method
    (form,) = [item for item in found if "linez" in item]
    assert "did you mean 'lines'?" in form
    (place,) = [item for item in found if "middle" in item]
    assert "first, last, none" in place
    assert any("batch_size" in item and "'many'" in item for item in found)


def test_missing_file_names_the_key_and_the_nearest_file(
    recipe_values: dict[str, Any], write_recipe: Write
) -> None:
    recipe_values["data"]["train"] = "trian.jsonl"
    (found,) = problems(write_recipe(recipe_values))
    assert "data.train" in found
    assert "train.jsonl" in found.partition("did you mean")[2]


def test_resolved_recipe_reads_back_as_itself(
    tmp_path: Path, recipe_values: dict[str, Any], write_recipe: Write
) -> None:
    recipe = load_recipe(write_recipe(recipe_values))
    elsewhere = tmp_path / "deep" / "recipe.yaml"
    recipe.save(elsewhere)
    again = load_recipe(elsewhere)
    assert again == recipe
    assert again.hash() == recipe.hash()


def test_hash_leaves_out_the_folder_and_nothing_else(
    recipe_values: dict[str, Any], write_recipe: Write
) -> None:
    path = write_recipe(recipe_values)
    hashes = {load_recipe(path, [change]).hash() for change in ("seed=1", "design.chat=plain", "seed=0")}
    assert len(hashes) == 3
    assert load_recipe(path, ["output=other"]).hash() == load_recipe(path).hash()


@pytest.mark.parametrize(
    ("changes", "field", "hint"),
    [
        (["training.early_stopping={metric: kapa}"], "early_stopping.metric", "kappa"),
        (
            ["method=p", "method={type: p-tuning-v2}", "training.gradient_checkpointing=true"],
            "gradient",
            "p-tuning",
        ),
        (["training.optimizer=muon", "method=lora"], "training.optimizer", "full or freeze"),
        (["design.reasoning=before"], "design", "json"),
    ],
)
def test_contradictions_between_sections_are_refused(
    recipe_values: dict[str, Any], write_recipe: Write, changes: list[str], field: str, hint: str
) -> None:
    with pytest.raises(RecipeError) as caught:
        load_recipe(write_recipe(recipe_values), changes)
    assert any(field in problem.field and hint in str(problem) for problem in caught.value.problems)


@pytest.mark.parametrize("method", ["full", "freeze", "p-tuning-v2"])
def test_4_bit_weights_go_with_lora_alone(
    recipe_values: dict[str, Any], write_recipe: Write, method: str
) -> None:
    values = recipe_values | {"model": {"name": "luthier/tiny", "quantization": "nf4"}, "method": method}
    path = write_recipe(values)
    (found,) = problems(path)
    line = 1 + next(n for n, text in enumerate(path.read_text().splitlines()) if "quantization" in text)
    assert f":{line}:" in found
    assert f"not with {method}" in found
    assert "set method: lora" in found


@pytest.mark.parametrize("installed", [True, False])
def test_4_bit_weights_need_their_package_where_they_train_but_not_to_read_a_finished_runs_recipe(
    recipe_values: dict[str, Any], write_recipe: Write, installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("luthier.experiment.recipe.quantizes_here", lambda: installed)
    values = recipe_values | {"model": {"name": "luthier/tiny", "quantization": "nf4"}, "method": "lora"}
    path = write_recipe(values)
    assert load_recipe(path, inputs=False).model.quantization == "nf4"
    if installed:
        load_recipe(path)
        return
    (found,) = problems(path)
    assert "need bitsandbytes" in found
    assert "pip install 'luthier[4bit]'" in found


@pytest.mark.parametrize(
    ("option", "message"), [("compile", "needs a C++ compiler"), ("liger", "needs a CUDA GPU")]
)
def test_kernels_are_asked_for_before_anything_is_read_but_not_by_a_finished_runs_recipe(
    recipe_values: dict[str, Any],
    write_recipe: Write,
    option: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr("luthier.experiment.recipe.best_device", lambda: torch.device("cpu"))
    path = write_recipe(recipe_values)
    assert load_recipe(path, [f"training.{option}=true"], inputs=False)
    with pytest.raises(RecipeError) as caught:
        load_recipe(path, [f"training.{option}=true"])
    (found,) = caught.value.problems
    assert found.field == f"--set training.{option}"
    assert message in found.message


def test_task_file_is_checked_like_a_recipe(
    tmp_path: Path, recipe_values: dict[str, Any], write_recipe: Write
) -> None:
    assert load_task(write_recipe(recipe_values)).task.type == "aspects"
    recipe_values["task"]["labels"] = ["good", "good"]
    with pytest.raises(RecipeError, match=r"task.labels: label 'good' cannot be told apart"):
        load_task(write_recipe(recipe_values))


def test_schema_tells_editors_every_section() -> None:
    schema = Recipe.model_json_schema()
    assert set(schema["required"]) == {"task", "data"}
    assert "p-tuning-v2" in str(schema)
