import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from luthier.errors import UserError
from luthier.experiment import load, load_recipe, open_run, run
from luthier.experiment.check import check
from luthier.experiment.compare import compare_runs
from luthier.experiment.verdict import verdict
from luthier.files import read_jsonl, write_jsonl
from luthier.inference import Predictor
from luthier.inference.prediction import Prediction
from luthier.tasks import Entity
from luthier.training.engine.trunk_files import PartWriter

Write = Callable[[dict[str, Any]], Path]


@pytest.fixture
def recipe_file(recipe_values: dict[str, Any], write_recipe: Write) -> Path:
    return write_recipe(recipe_values)


def rows(path: Path) -> list[dict[str, Any]]:
    return list(read_jsonl(path))


def test_a_run_leaves_what_the_run_folder_page_says(recipe_file: Path) -> None:
    folder = run(load_recipe(recipe_file))
    for name in (
        "recipe.yaml",
        "manifest.json",
        "samples.jsonl",
        "metrics.json",
        "history.json",
        "data/report.json",
        "data/changes.jsonl",
        "data/dropped.jsonl",
    ):
        assert (folder.path / name).exists(), name
    assert len(rows(folder.data / "train.jsonl")) + len(rows(folder.data / "validation.jsonl")) == 20
    assert [row["id"] for row in rows(folder.predictions("id"))] == [f"test-{index}" for index in range(6)]
    assert folder.baselines("ood") == ["majority", "zero-shot"]
    metrics = folder.read(folder.metrics)
    assert set(metrics["test/ood"]["kappa"]) == {"value", "low", "high"}
    assert metrics["primary"] == "kappa"
    assert set(metrics["comparisons"]["test/id"]) == {"majority", "zero-shot"}
    assert verdict(metrics, "en").kind in ("better", "worse", "unclear")
    manifest = folder.read(folder.manifest)
    assert manifest["finished"] >= manifest["started"]
    assert manifest["training"]["steps"] == 3
    engine = manifest["training"]["engine"]
    assert engine["necessary_share"] + sum(engine["savings"].values()) == pytest.approx(1)
    assert engine["utilisation"] == pytest.approx(
        engine["necessary_flops"] / engine["seconds"] / engine["peak_flops_per_second"]
    )
    assert len(manifest["inputs"]) == 3


def test_samples_mark_the_answer_and_its_end_as_supervised(recipe_file: Path) -> None:
    folder = run(load_recipe(recipe_file, ["evaluation.baselines=[]", "data.test=null"]))
    sample = rows(folder.samples)[0]
    supervised = "".join(item["text"] for item in sample["segments"] if item["supervised"])
    assert supervised.startswith("food: ")
    assert supervised.endswith("<|im_end|>")
    assert 0 < sample["supervised_tokens"] < sample["tokens"]


def test_the_recipe_in_the_folder_repeats_the_run(tmp_path: Path, recipe_file: Path) -> None:
    first = run(load_recipe(recipe_file))
    again = run(load_recipe(first.recipe), tmp_path / "again")
    assert rows(first.predictions("id")) == rows(again.predictions("id"))
    assert (first.model / "model.safetensors").read_bytes() == (
        again.model / "model.safetensors"
    ).read_bytes()


def test_an_earlier_run_is_never_overwritten(recipe_file: Path) -> None:
    recipe = load_recipe(recipe_file, ["evaluation.baselines=[]", "training.steps=1"])
    assert [run(recipe).path.name for _ in range(3)] == ["run", "run-2", "run-3"]


def test_a_run_refused_for_its_data_leaves_no_folder(recipe_file: Path) -> None:
    recipe = load_recipe(recipe_file)
    train = Path(recipe.data.train)
    good = train.read_text(encoding="utf-8")
    train.write_text('{"text": "no label"}\n', encoding="utf-8")
    with pytest.raises(UserError):
        run(recipe)
    assert not recipe.output.exists()
    train.write_text(good, encoding="utf-8")
    assert run(recipe).path == recipe.output


def test_a_folder_of_something_else_is_refused(recipe_file: Path) -> None:
    recipe = load_recipe(recipe_file)
    recipe.output.mkdir()
    (recipe.output / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="not a run"):
        run(recipe)


def test_resume_goes_on_only_with_the_same_inputs(recipe_file: Path) -> None:
    recipe = load_recipe(recipe_file, ["evaluation.baselines=[]"])
    folder = run(recipe)
    with pytest.raises(UserError, match="finished"):
        run(recipe, resume=True)
    manifest = folder.read(folder.manifest)
    folder.write_manifest({**manifest, "finished": None})
    train = Path(recipe.data.train)
    train.write_text(train.read_text().replace("cold", "warm"))
    with pytest.raises(UserError, match="inputs changed"):
        run(recipe, resume=True)


def test_resume_needs_a_run(recipe_file: Path) -> None:
    with pytest.raises(UserError, match="no run to resume"):
        run(load_recipe(recipe_file), resume=True)


def test_reasoning_without_reasons_is_refused_with_the_first_record(recipe_file: Path) -> None:
    recipe = load_recipe(recipe_file, ["design.format=json", "design.reasoning=before"])
    with pytest.raises(UserError, match=r"lack them.*train\.jsonl:\d+"):
        run(recipe)


def test_a_loaded_run_predicts_what_the_run_predicted(recipe_file: Path) -> None:
    folder = run(load_recipe(recipe_file, ["evaluation.baselines=[]"]))
    model = load(folder.path)
    first = rows(folder.predictions("id"))[0]
    # With the record's id: the wording of the instruction is drawn by it.
    prediction = model({"id": "test-0", "text": "test 0: The soup was cold."})
    assert (prediction.text, prediction.value) == (first["text"], first["value"])
    assert prediction.confidence == pytest.approx(first["confidence"], abs=1e-5)
    scores = model.evaluate(Path(load_recipe(recipe_file).data.tests["id"].path))
    expected = folder.read(folder.metrics)["test/id"]["kappa"]["value"]
    assert scores.metrics["kappa"].value == pytest.approx(expected)


def untidy(text: str) -> str:
    return f"  {text.replace(' ', '  ')} <br>\u200b"


def test_a_loaded_run_reads_texts_mended_as_it_learnt_them(recipe_file: Path) -> None:
    changes = ["evaluation.baselines=[]", "data.test={id: test.jsonl}", "training.steps=2"]
    model = load(run(load_recipe(recipe_file, changes)).path)
    record = {"id": "test-0", "text": "test 0: The soup was cold."}
    expected = model(record)
    assert model({**record, "text": untidy(record["text"])}) == expected
    tests = rows(recipe_file.parent / "test.jsonl")
    path = recipe_file.parent / "untidy.jsonl"
    write_jsonl(path, [{**row, "text": untidy(row["text"])} for row in tests])
    assert model.evaluate(path) == model.evaluate(recipe_file.parent / "test.jsonl")
    raw = load(run(load_recipe(recipe_file, [*changes, "data.clean=none"]), recipe_file.parent / "raw").path)
    assert raw({**record, "text": untidy(record["text"])}).confidence != raw(record).confidence


def test_entities_are_told_where_they_stand_in_the_text_as_it_was(
    recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run(load_recipe(recipe_file, ["evaluation.baselines=[]", "data.test=null", "training.steps=1"]))
    seen = []

    def predict(_: Any, examples: Any, **__: Any) -> Any:
        for example in examples:
            seen.append(example.text)
            yield Prediction(example.id, (Entity(4, 16, "PER", "Ada Lovelace"),), "")

    monkeypatch.setattr(Predictor, "predict", predict)
    found = load(folder.path)("See  Ada  Lovelace ")
    assert seen == ["See Ada Lovelace"]
    assert found.value == (Entity(5, 18, "PER", "Ada  Lovelace"),)


def test_a_loaded_run_needs_its_data_no_more(recipe_file: Path) -> None:
    folder = run(load_recipe(recipe_file, ["evaluation.baselines=[]"]))
    for name in ("train", "test", "ood"):
        (recipe_file.parent / f"{name}.jsonl").unlink()
    model = load(folder.path)
    assert model("Cheap.").id == "1"
    with pytest.raises(UserError, match=r"(?s)record 1 is a list.*\.predict\(records\)"):
        model(["Cheap.", "Good."])
    with pytest.raises(UserError, match="takes several records, found one"):
        model.predict("Cheap.")


def test_compare_pairs_the_shared_test_sets(tmp_path: Path, recipe_file: Path) -> None:
    recipe = load_recipe(recipe_file, ["evaluation.baselines=[]"])
    first, second = run(recipe), run(recipe, tmp_path / "other")
    result = compare_runs([first.path, second.path])
    assert set(result["tests"]) == {"id", "ood"}
    difference = result["tests"]["id"]["against_first"][1]["kappa"]
    assert difference["value"] == 0
    assert difference["p_value"] == 1


def test_more_folds_than_examples_are_refused_before_any_training(recipe_file: Path) -> None:
    recipe = load_recipe(recipe_file, ["evaluation.folds=17"])
    for stage in (run, check):
        with pytest.raises(UserError, match="17 folds need as many training examples, and there are 16"):
            stage(recipe)


def visits(path: Path, count: int = 40) -> str:
    """Writes records that differ, a quarter of them bad, by guests of three hotels."""
    rows = [
        {
            "text": f"Visit {n * 104729} to table {n * 7919}",
            "label": "good" if n % 4 else "bad",
            "hotel": n % 3,
        }
        for n in range(count)
    ]
    write_jsonl(path, rows)
    return str(path)


@pytest.fixture
def visit_values(recipe_values: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    return {
        **recipe_values,
        "task": {"type": "classification", "labels": ["good", "bad"]},
        "data": {"train": visits(tmp_path / "visits.jsonl"), "validation": 0.2},
        "evaluation": {"baselines": []},
    }


def test_more_folds_than_groups_are_refused_before_any_training(
    visit_values: dict[str, Any], write_recipe: Write
) -> None:
    recipe = load_recipe(write_recipe(visit_values), ["data.group=hotel", "evaluation.folds=3"])
    for stage in (run, check):
        with pytest.raises(UserError, match=r"3 folds need .* of different groups, and there are 2"):
            stage(recipe)


def test_only_what_is_trained_on_is_balanced(visit_values: dict[str, Any], write_recipe: Write) -> None:
    recipe = load_recipe(write_recipe(visit_values), ["data.balance=oversample", "evaluation.folds=2"])
    folder = run(recipe)
    train = rows(folder.data / "train.jsonl")
    assert len(train) == 32
    encoded = folder.read(folder.manifest)["encoded"]
    assert (encoded["train"]["rows"], encoded["validation"]["rows"]) == (48, 8)
    balance = folder.read(folder.data / "balance.json")
    assert balance["before"] == {"": {"good": 24, "bad": 8}}
    assert balance["after"] == {"": {"good": 24, "bad": 24}}
    # Folds are of the records, not of their copies.
    assert [row["id"] for row in rows(folder.cross_validation)] == [row["id"] for row in train]


def test_seeds_and_folds_tell_the_spread(recipe_file: Path) -> None:
    changes = ["evaluation.baselines=[]", "evaluation.seeds=2", "evaluation.folds=2", "training.steps=1"]
    folder = run(load_recipe(recipe_file, changes))
    metrics = folder.read(folder.metrics)
    kappa = metrics["seeds"]["test/id"]["kappa"]
    assert metrics["seeds"]["seeds"] == [0, 1]
    assert kappa["values"][0] == metrics["test/id"]["kappa"]["value"]
    assert kappa["mean"] == pytest.approx(sum(kappa["values"]) / 2)
    train = [row["id"] for row in rows(folder.data / "train.jsonl")]
    assert [row["id"] for row in rows(folder.cross_validation)] == train
    assert len(metrics["cross_validation"]["folds"]["accuracy"]) == 2
    assert not (folder.path / "repeat").exists()


def test_folds_read_what_frozen_layers_made_of_the_same_rows_before(
    recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    finish = PartWriter.finish
    monkeypatch.setattr(PartWriter, "finish", lambda self: written.append(self.tokens) or finish(self))
    changes = ["evaluation.baselines=[]", "evaluation.folds=2", "training.steps=2", "data.test=null"]
    method = "method={type: freeze, trainable: {last: 1}}"
    folder = run(load_recipe(recipe_file, [*changes, method]))
    assert len(written) == 1
    assert "cross_validation" in folder.read(folder.metrics)
    assert not folder.trunk.exists()


def test_the_primary_metric_chooses_the_weights_unless_told_otherwise(recipe_file: Path) -> None:
    changes = ["evaluation.baselines=[]", "data.test=null", "training.evaluate_every=1", "training.steps=2"]
    folder = run(load_recipe(recipe_file, changes))
    assert folder.read(folder.manifest)["training"]["best_metric"] == "kappa"
    by_loss = load_recipe(recipe_file, [*changes, "training.early_stopping={metric: loss}", "method=full"])
    folder = run(by_loss)
    assert folder.read(folder.manifest)["training"]["best_metric"] == "loss"


def test_early_stopping_watches_a_generated_metric(recipe_file: Path) -> None:
    changes = ["evaluation.baselines=[]", "training.early_stopping={metric: accuracy, patience: 1}"]
    folder = run(load_recipe(recipe_file, [*changes, "training.evaluate_every=1", "data.test=null"]))
    measured = [point["metrics"] for point in folder.read(folder.history) if point["metrics"]]
    assert measured
    assert all("accuracy" in point for point in measured)
    assert folder.read(folder.manifest)["training"]["best_metric"] == "accuracy"


def test_check_counts_what_a_run_would_do(recipe_file: Path) -> None:
    recipe = load_recipe(recipe_file)
    result = check(recipe, samples=1)
    folder = run(recipe)
    assert result.encoded["train"].rows == len(rows(folder.data / "train.jsonl"))
    assert result.end_supervised
    assert result.rendered[0]["segments"] == rows(folder.samples)[0]["segments"]
    assert result.parameters.share == 1
    assert json.loads(json.dumps(result.to_json()))["training_seconds"] > 0


def test_open_run_refuses_what_is_none(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no run folder"):
        open_run(tmp_path / "none")
    with pytest.raises(UserError, match="not the folder of a run"):
        open_run(tmp_path)
