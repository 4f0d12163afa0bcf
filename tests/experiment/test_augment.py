"""Augmentation in a run: copies reach what a model learns from, and nothing that is held out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from luthier.augment.synonyms import Synonyms
from luthier.data import content, enlarge, load_splits
from luthier.errors import RecipeError, UserError
from luthier.experiment import load_recipe, repeats, run
from luthier.experiment.augment import augment_file, read_augmenters
from luthier.experiment.check import check
from luthier.files import read_jsonl

Write = Callable[[dict[str, Any]], Path]


@pytest.fixture
def recipe_file(recipe_values: dict[str, Any], write_recipe: Write) -> Path:
    values = {**recipe_values, "data": {**recipe_values["data"], "augment": ["noise"]}}
    values["data"]["augment"] = [{"type": "noise", "share": 0.2, "copies": 2}]
    return write_recipe(values)


def rows(path: Path) -> list[dict[str, Any]]:
    return list(read_jsonl(path))


def original(id: str) -> str:
    return id.partition("~")[0]


def test_copies_are_of_training_examples_alone_and_are_what_the_model_learns_from(recipe_file: Path) -> None:
    folder = run(load_recipe(recipe_file, ["evaluation.baselines=[tfidf]"]))
    train = {row["id"] for row in rows(folder.data / "train.jsonl")}
    copies = rows(folder.augmented)
    assert copies
    assert {row["original"] for row in copies} <= train
    assert not any("~" in id for id in train)
    held_out = [
        *rows(folder.data / "validation.jsonl"),
        *(row for name in ("id", "ood") for row in rows(folder.gold(name))),
    ]
    assert not any("~" in row["id"] for row in held_out)
    assert not {row["text"] for row in copies} & {row["text"] for row in held_out}
    learnt = folder.read(folder.manifest)["encoded"]["train"]["rows"]
    assert learnt == len(train) + len(copies)
    report = folder.read(folder.data / "report.json")
    assert report["augmented"]["made"] == {"noise": len(copies)}
    assert report["counts"]["augment"]["noise"] == len(copies)
    assert {row["id"] for row in rows(folder.samples)} == train | {row["id"] for row in copies}


def test_each_fold_learns_from_copies_of_its_own_examples_only(
    recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt: list[set[str]] = []
    inner = repeats.prepare

    def watched(bench: Any, train: Any, *args: Any, **kwargs: Any) -> Any:
        learnt.append({example.id for example in train})
        return inner(bench, train, *args, **kwargs)

    monkeypatch.setattr(repeats, "prepare", watched)
    overrides = ["evaluation.folds=3", "evaluation.baselines=[]", "data.test=null", "training.steps=1"]
    folder = run(load_recipe(recipe_file, overrides))
    train = {row["id"] for row in rows(folder.data / "train.jsonl")}
    copies = {row["id"] for row in rows(folder.augmented)}
    assert len(learnt) == 3
    for ids in learnt:
        kept = {id for id in ids if "~" not in id}
        assert kept < train
        assert {id for id in ids if "~" in id} == {id for id in copies if original(id) in kept}
    assert [row["id"] for row in rows(folder.cross_validation)] == [
        row["id"] for row in rows(folder.data / "train.jsonl")
    ]


def test_the_recipe_in_the_folder_makes_the_same_copies(tmp_path: Path, recipe_file: Path) -> None:
    quick = ["evaluation.baselines=[]", "data.test=null", "training.steps=1"]
    first = run(load_recipe(recipe_file, quick))
    again = run(load_recipe(first.recipe), tmp_path / "again")
    assert rows(first.augmented) == rows(again.augmented)


def test_check_counts_the_copies_that_a_run_would_make(recipe_file: Path) -> None:
    recipe = load_recipe(recipe_file)
    found = check(recipe)
    made = found.data["counts"]["augment"]["noise"]
    assert made > 0
    assert found.encoded["train"].rows == found.data["counts"]["split"]["train"] + made


def test_no_copy_says_what_a_held_out_record_says(recipe_file: Path) -> None:
    recipe = load_recipe(recipe_file)
    plain = load_splits(recipe.data, recipe.task, base_dir=Path.cwd(), seed=0)
    first = enlarge(plain, recipe.data.augment, recipe.task, 0)
    assert first.augmented is not None
    leak = first.augmented.copies[0]
    from luthier.data import Examples

    validation = Examples.of([*plain.validation, replace(leak, id="held")])
    again = enlarge(replace(plain, validation=validation), recipe.data.augment, recipe.task, 0)
    assert again.augmented is not None
    assert content(leak) not in {content(copy) for copy in again.augmented.copies}
    assert again.report.counts["augment"]["noise: equal to a held-out record"] == 1


def test_names_and_lists_say_the_same_and_mistakes_have_their_line(
    recipe_values: dict[str, Any], write_recipe: Write
) -> None:
    def recipe(augment: Any) -> Path:
        return write_recipe({**recipe_values, "data": {**recipe_values["data"], "augment": augment}})

    alone = load_recipe(recipe("synonyms")).data.augment
    assert alone == load_recipe(recipe(["synonyms"])).data.augment == (Synonyms(),)
    assert alone == load_recipe(recipe({"type": "synonyms"})).data.augment
    with pytest.raises(RecipeError, match=r"data\.augment.*'sinonyms'.*did you mean 'synonyms'"):
        load_recipe(recipe(["sinonyms"]))
    with pytest.raises(RecipeError, match=r"recipe\.yaml:\d+: data\.augment\.0\.lexicons: no such file"):
        load_recipe(recipe([{"type": "synonyms", "lexicons": ["none.txt"]}]))


def test_files_of_augmenters_are_relative_to_the_recipe_and_count_among_its_inputs(
    tmp_path: Path, recipe_values: dict[str, Any], write_recipe: Write
) -> None:
    (tmp_path / "own.txt").write_text("soup broth\n", encoding="utf-8")
    augment = [{"type": "synonyms", "lexicons": ["own.txt"]}]
    path = write_recipe({**recipe_values, "data": {**recipe_values["data"], "augment": augment}})
    (augmenter,) = load_recipe(path).data.augment
    assert isinstance(augmenter, Synonyms)
    assert augmenter.lexicons == (tmp_path.resolve() / "own.txt",)
    from luthier.experiment.inputs import files

    assert tmp_path.resolve() / "own.txt" in files(load_recipe(path).data)


def test_open_answers_are_refused_before_anything_is_read(
    recipe_values: dict[str, Any], write_recipe: Write
) -> None:
    values = {**recipe_values, "task": {"type": "generation"}, "data": {"train": "train.jsonl"}}
    values["data"]["augment"] = "noise"
    with pytest.raises(RecipeError, match="open answer"):
        load_recipe(write_recipe(values))


TASK = "task: {type: classification, labels: [good, bad]}\n"


@pytest.fixture
def few(tmp_path: Path) -> Path:
    (tmp_path / "task.yaml").write_text(TASK, encoding="utf-8")
    lines = [
        {
            "id": "a",
            "text": "The soup was cold and the waiter was slow today.",
            "label": "bad",
            "weight": 2.0,
        },
        {"text": "Lovely place for a quiet evening with old friends.", "label": "good"},
    ]
    path = tmp_path / "few.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_a_file_comes_out_with_its_copies_and_is_read_again(tmp_path: Path, few: Path) -> None:
    output, rejects, report = (tmp_path / name for name in ("out.jsonl", "no.jsonl", "report.json"))
    told = augment_file(
        few,
        output,
        tmp_path / "task.yaml",
        augmenters=read_augmenters(["noise", "{type: reorder}"]),
        copies=2,
        report=report,
        rejects=rejects,
    )
    records = rows(output)
    assert [record["id"] for record in records[:2]] == ["a", "few-2"]
    assert records[0]["weight"] == records[2]["weight"] == 2.0
    assert [record["id"] for record in records[2:]] == [
        "a~noise-1",
        "a~noise-2",
        "few-2~noise-1",
        "few-2~noise-2",
    ]
    assert {record["label"] for record in records if record["id"].startswith("a")} == {"bad"}
    assert records[2]["original"] == "a"
    assert records[2]["augmenter"] == "noise"
    assert told.made == {"noise": 4, "reorder": 0}
    assert json.loads(report.read_text(encoding="utf-8"))["made"] == told.made
    assert [row["reason"] for row in rows(rejects)] == ["nothing to change"] * 4
    only_new = tmp_path / "new.jsonl"
    augment_file(
        few, only_new, tmp_path / "task.yaml", augmenters=read_augmenters(["noise"]), copies=2, only_new=True
    )
    assert rows(only_new) == records[2:]
    again = tmp_path / "again.jsonl"
    augment_file(output, again, tmp_path / "task.yaml", augmenters=read_augmenters(["reorder"]))


def test_a_yaml_file_names_augmenters_with_files_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "own.txt").write_text("soup broth\n", encoding="utf-8")
    (folder / "more.yaml").write_text(
        "augment:\n  - {type: synonyms, lexicons: [own.txt]}\n  - noise\n", encoding="utf-8"
    )
    first, second = read_augmenters([str(folder / "more.yaml")])
    assert isinstance(first, Synonyms)
    assert first.lexicons == (folder.resolve() / "own.txt",)
    assert second.type == "noise"
    (folder / "wrong.yaml").write_text(
        "augment:\n  - noise\n  - {type: syntax, shrae: 1}\n", encoding="utf-8"
    )
    with pytest.raises(RecipeError, match=r"wrong\.yaml:3: augment\.1\.shrae: unknown key 'shrae'"):
        read_augmenters([str(folder / "wrong.yaml")])
    with pytest.raises(RecipeError, match=r"'nois' is not a known type.*did you mean 'noise'"):
        read_augmenters(["nois"])
    with pytest.raises(RecipeError, match="not valid YAML"):
        read_augmenters(["{type: noise"])


def test_wrong_outputs_are_refused_before_any_work(tmp_path: Path, few: Path) -> None:
    with pytest.raises(UserError, match="JSON lines"):
        augment_file(few, tmp_path / "out.csv", tmp_path / "task.yaml")
    with pytest.raises(UserError, match="does not overwrite"):
        augment_file(few, few, tmp_path / "task.yaml")


def test_a_model_that_judges_keeps_what_it_agrees_with(tmp_path: Path, few: Path) -> None:
    def never_bad(examples: Any) -> list[str]:
        return ["good" for _ in examples]

    output = tmp_path / "out.jsonl"
    told = augment_file(
        few,
        output,
        tmp_path / "task.yaml",
        augmenters=read_augmenters(["noise"]),
        agree=never_bad,
        only_new=True,
    )
    assert [row["label"] for row in rows(output)] == ["good"]
    assert told.agreement == {"noise": 0.5}
