from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.experiment.conftest import write_jsonl
from tests.experiment.self_training.conftest import Write

from luthier.data import load_splits
from luthier.experiment.check import check
from luthier.experiment.folder import RunFolder
from luthier.experiment.recipe import load_recipe
from luthier.experiment.self_training.pool import Pool
from luthier.tasks import Entity


def opened(path: Path, tmp_path: Path) -> Pool:
    recipe = load_recipe(path)
    splits = load_splits(recipe.data, recipe.task, base_dir=tmp_path)
    return Pool.open(recipe, splits, RunFolder(tmp_path / "run"))


def test_known_labels_are_those_of_the_records_that_cleaning_left(
    values: dict[str, Any], write_recipe: Write, tmp_path: Path
) -> None:
    rows = [
        {"id": "dropped", "text": "so", "label": "good"},
        {"id": "first", "text": "The first one is bad.", "label": "bad"},
        {"id": "copy", "text": "The first one is bad.", "label": "good"},
        {"id": "second", "text": "The second, by far, is good.", "label": "good"},
    ]
    write_jsonl(tmp_path / "unlabelled.jsonl", rows)
    values["data"]["clean"] = {"min_characters": 5}
    pool = opened(write_recipe(values), tmp_path)
    assert pool.known is not None
    assert [(item.id, item.target) for item in pool.examples] == [("first", None), ("second", None)]
    assert [(item.id, item.target) for item in pool.known] == [("first", "bad"), ("second", "good")]


def test_check_counts_what_a_teacher_would_label(values: dict[str, Any], write_recipe: Write) -> None:
    values["self_training"] |= {"rounds": 3, "limit": 15}
    path = write_recipe(values)
    found = check(load_recipe(path)).self_training
    assert found is not None
    assert (found.unlabelled, found.rounds, found.labelling_seconds) == (15, 3, None)
    assert found.left_out == {"test/id, equal": 1, "test/id, near": 1, "beyond the limit": 5}
    by_model = check(load_recipe(path, ["self_training.teacher=model"])).to_json()["self_training"]
    assert by_model["labelling_seconds"] > 0


def test_known_entities_stand_where_they_do_in_the_clean_text(
    values: dict[str, Any], write_recipe: Write, tmp_path: Path
) -> None:
    for name in ("train", "validation", "test"):
        empty = [{"text": f"Nobody in {name} {n}", "entities": []} for n in (1, 2)]
        write_jsonl(tmp_path / f"{name}.jsonl", empty)
    ada = {"start": 17, "end": 20, "type": "PER", "text": "Ada"}
    write_jsonl(tmp_path / "unlabelled.jsonl", [{"text": "At last    came  Ada here", "entities": [ada]}])
    values |= {"task": {"type": "extraction", "types": ["PER"]}, "self_training": {"rounds": 1, "top": 0.5}}
    pool = opened(write_recipe(values), tmp_path)
    assert pool.known is not None
    (known,) = pool.known
    assert (known.text, known.target) == ("At last came Ada here", (Entity(13, 16, "PER", "Ada"),))
