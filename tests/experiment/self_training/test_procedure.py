from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.experiment.conftest import write_jsonl
from tests.experiment.self_training.conftest import GOOD, PLANTED, Write

from luthier import api
from luthier.errors import UserError
from luthier.evaluation import Score
from luthier.experiment import load, load_recipe, run
from luthier.experiment.folder import RunFolder
from luthier.experiment.self_training import procedure
from luthier.experiment.self_training.verdict import self_training_verdict
from luthier.files import read_jsonl
from luthier.inference.prediction import Prediction


def rows(path: Path) -> list[dict[str, Any]]:
    return list(read_jsonl(path))


@pytest.fixture
def scores(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Scores on validation of gold alone and of each student, in order, instead of the measured ones."""
    given: list[float] = []
    measure = procedure._Work._measure
    told = iter(given)

    def fake(self: Any, trained: Any, place: Path) -> Any:
        found = measure(self, trained, place)
        return type(found)(n=found.n, metrics={**found.metrics, "accuracy": Score(next(told))})

    monkeypatch.setattr(procedure._Work, "_measure", fake)
    return given


@pytest.fixture
def trained_on(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[Any], list[Any], list[float]]]:
    """Notes what each student is prepared from: train, validation, and the weights in the rows."""
    seen: list[tuple[list[Any], list[Any], list[float]]] = []
    prepare = procedure.prepare

    def note(bench: Any, train: Sequence[Any], validation: Sequence[Any], **options: Any) -> Any:
        prepared = prepare(bench, train, validation, **options)
        seen.append((list(train), list(validation), list(prepared.rows["train"]["weight"])))
        return prepared

    monkeypatch.setattr(procedure, "prepare", note)
    return seen


def test_a_student_learns_from_weighted_pseudo_labels_and_validation_stays_gold(
    values: dict[str, Any],
    write_recipe: Write,
    scores: list[float],
    trained_on: list[tuple[list[Any], list[Any], list[float]]],
) -> None:
    scores += [0.5, 0.6]
    folder = run(load_recipe(write_recipe(values)))
    (train, validation, weights) = trained_on[0]
    pseudo = [item for item in train if item.id.startswith("pseudo:")]
    assert len(train) == 16 + len(pseudo)
    assert {item.target for item in pseudo} == {"good", "bad"}
    assert weights == [1.0] * 16 + [0.5] * len(pseudo)
    assert [item.id for item in validation] == [f"validation-{n}" for n in range(12)]
    assert [row["id"] for row in rows(folder.data / "train.jsonl")] == [f"train-{n}" for n in range(16)]
    written = rows(folder.self_training / "round-1" / "pseudo.jsonl")
    assert [f"pseudo:{row['id']}" for row in written if row["selected"]] == [item.id for item in pseudo]

    metrics = folder.read(folder.metrics)
    found = metrics["self_training"]
    assert found["kept"] == 1
    assert found["rounds"][1]["right"] <= found["rounds"][1]["selected"] == len(pseudo)
    assert set(found["comparisons"]["test/id"]["accuracy"]) == {"value", "low", "high", "p_value"}
    gold_only = metrics["gold_only"]["test/id"]["metrics"]["accuracy"]["value"]
    ours = metrics["test/id"]["accuracy"]["value"]
    assert found["comparisons"]["test/id"]["accuracy"]["value"] == pytest.approx(ours - gold_only)
    # The student is the run's model, and no model of a round is left.
    assert folder.read(folder.manifest)["training"] == found["rounds"][1]["training"]
    assert not list(folder.self_training.glob("round-*/model"))
    first = rows(folder.predictions("id"))[0]
    assert (
        load(folder.path)({"id": "test-0", "text": rows(folder.gold("id"))[0]["text"]}).text == first["text"]
    )


def test_a_planted_test_text_is_left_out_and_counted(values: dict[str, Any], write_recipe: Write) -> None:
    folder = run(load_recipe(write_recipe(values)))
    labelled = {row["id"] for row in rows(folder.self_training / "round-1" / "pseudo.jsonl")}
    assert labelled == {f"more-{n}" for n in range(20)}
    found = folder.read(folder.metrics)["self_training"]
    assert found["pool"] == 20
    assert found["left_out"] == {"test/id, equal": 1, "test/id, near": 1}
    left_out = rows(folder.self_training / "left_out.jsonl")
    assert [(row["id"], row["seen_in"], row["seen_id"]) for row in left_out] == [
        ("planted", "test/id", "test-6"),
        ("near", "test/id", "test-6"),
    ]
    assert left_out[0]["text"] == PLANTED


def test_only_test_texts_leave_nothing_to_label_and_no_folder(
    values: dict[str, Any], write_recipe: Write
) -> None:
    recipe = load_recipe(write_recipe(values | {"data": values["data"] | {"unlabelled": "test.jsonl"}}))
    with pytest.raises(UserError, match=r"(?s)nothing to label.*all of its 7 records stand in another file"):
        run(recipe)
    assert not recipe.output.exists()


def test_the_best_round_stays_where_a_later_one_is_worse(
    values: dict[str, Any], write_recipe: Write, scores: list[float]
) -> None:
    scores += [0.5, 0.7, 0.6, 0.9]
    folder = run(load_recipe(write_recipe(values), ["self_training.rounds=3"]))
    found = folder.read(folder.metrics)["self_training"]
    assert found["kept"] == 1
    assert [item["score"] for item in found["rounds"]] == [0.5, 0.7, 0.6]


def test_where_no_round_gains_the_gold_only_model_stays(
    tmp_path: Path, values: dict[str, Any], write_recipe: Write, scores: list[float]
) -> None:
    path = write_recipe(values)
    scores += [0.5, 0.5]
    folder = run(load_recipe(path))
    metrics = folder.read(folder.metrics)
    assert metrics["self_training"]["kept"] == 0
    assert metrics["self_training"]["comparisons"] == {}
    assert metrics["gold_only"]["test/id"]["metrics"] == metrics["test/id"]
    alone = run(load_recipe(path, ["self_training=null"]), tmp_path / "alone")
    assert (alone.model / "model.safetensors").read_bytes() == (
        folder.model / "model.safetensors"
    ).read_bytes()
    assert not {"gold_only", "self_training"} & alone.read(alone.metrics).keys()


def test_a_model_teaches_its_student_and_that_one_the_next(
    values: dict[str, Any], write_recipe: Write, scores: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    scores += [0.5, 0.6, 0.7]
    teachers: list[int] = []

    class Oracle:
        """Reads good from bad words, which a model of random weights does not learn in two steps."""

        def __init__(self, bench: Any, model: Any, task: Any, budget: int) -> None:
            self._model = model

        def predict(self, examples: Sequence[Any], progress: Any) -> Iterator[Prediction]:
            if len(examples) == 20:
                teachers.append(id(self._model))
            for example in examples:
                p = 0.9 if any(words in example.text for words in GOOD) else 0.1
                label = "good" if p > 0.5 else "bad"
                yield Prediction(example.id, label, probabilities={"": {"good": p, "bad": 1 - p}})

    monkeypatch.setattr(procedure, "predictor", Oracle)
    changes = ["self_training={rounds: 2, confidence: 0.5, teacher: model}"]
    folder = run(load_recipe(write_recipe(values), changes))
    found = folder.read(folder.metrics)["self_training"]
    assert len(set(teachers)) == 2
    assert [item["selected"] for item in found["rounds"][1:]] == [20, 20]
    assert [item["right"] for item in found["rounds"][1:]] == [20, 20]
    assert found["kept"] == 2


def test_a_resumed_run_takes_finished_rounds_over(
    values: dict[str, Any],
    write_recipe: Write,
    scores: list[float],
    trained_on: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scores += [0.5, 0.6, 0.7]
    recipe = load_recipe(write_recipe(values), ["self_training.rounds=2"])
    finish = procedure._Work._finish

    def killed(self: Any, number: int, *arguments: Any) -> Any:
        if number == 2:
            raise KeyboardInterrupt
        return finish(self, number, *arguments)

    monkeypatch.setattr(procedure._Work, "_finish", killed)
    with pytest.raises(KeyboardInterrupt):
        run(recipe)
    monkeypatch.setattr(procedure._Work, "_finish", finish)
    folder = RunFolder(recipe.output)
    labelled = (folder.self_training / "round-2" / "pseudo.jsonl").stat().st_mtime_ns
    trained_on.clear()
    scores.append(0.8)  # what the student of round 2 is measured again as
    run(recipe, resume=True)
    assert len(trained_on) == 1  # gold alone and round 1 are not trained again, nor is the pool labelled
    assert (folder.self_training / "round-2" / "pseudo.jsonl").stat().st_mtime_ns == labelled
    found = folder.read(folder.metrics)["self_training"]
    assert [item["score"] for item in found["rounds"]] == [0.5, 0.6, 0.8]
    assert found["kept"] == 2


def test_a_limit_draws_the_same_records_for_the_same_seed(
    values: dict[str, Any], write_recipe: Write
) -> None:
    folder = run(load_recipe(write_recipe(values), ["self_training.limit=5"]))
    found = folder.read(folder.metrics)["self_training"]
    assert found["pool"] == 5
    assert found["left_out"]["beyond the limit"] == 15


def test_the_section_must_fit_the_others(values: dict[str, Any], write_recipe: Write) -> None:
    def problems(*changes: str) -> str:
        with pytest.raises(UserError) as caught:
            load_recipe(write_recipe(values), changes)
        return str(caught.value)

    assert "data.unlabelled is missing" in problems("data.unlabelled=null")
    assert "folds: the further trainings would know gold alone" in problems("evaluation.folds=2")
    assert "cannot be combined with reasoning" in problems("design.format=json", "design.reasoning=before")
    assert "one of `confidence`" in problems("self_training={confidence: 0.9, top: 0.2}")
    text = "recipe.yaml:"
    assert text in problems("evaluation.seeds=2")


def test_of_free_text_and_tfidf_entities_there_are_no_pseudo_labels(
    values: dict[str, Any], write_recipe: Write, tmp_path: Path
) -> None:
    generation = values | {"task": {"type": "generation"}}
    with pytest.raises(UserError, match="of a free text no confidence tells"):
        load_recipe(write_recipe(generation))
    extraction = values | {"task": {"type": "extraction", "types": ["PER"]}}
    with pytest.raises(UserError, match="TF-IDF finds no entities"):
        load_recipe(write_recipe(extraction))


def test_a_teacher_that_is_never_sure_enough_is_told_apart_from_one_that_cannot_be_read() -> None:
    rounds: list[dict[str, Any]] = [{}, {"selected": 0, "labelled": 9}]
    metrics = {"self_training": {"kept": 0, "rounds": rounds}}
    rounds[1]["reasons"] = {"below the threshold": 5, "format error": 3, "no value": 1}
    assert "Lower self_training.confidence" in self_training_verdict(metrics, "en")
    rounds[1]["reasons"] = {"below the threshold": 4, "format error": 4, "no value": 1}
    assert "of its teacher's 9 answers 5 could not be read" in self_training_verdict(metrics, "en")
    assert "9 个回答中有 5 个无法读取" in self_training_verdict(metrics, "zh")


def test_a_teacher_whose_text_cannot_be_read_teaches_nothing_and_says_so(
    values: dict[str, Any], write_recipe: Write, tmp_path: Path
) -> None:
    for name in ("train", "validation", "test"):
        path = tmp_path / f"{name}.jsonl"
        records = [{"id": row["id"], "text": row["text"], "entities": []} for row in rows(path)]
        write_jsonl(path, records)
    extraction = values | {"task": {"type": "extraction", "types": ["FOOD"]}}
    done = api.run(write_recipe(extraction), overrides=["self_training={rounds: 2, confidence: 0.99}"])
    found = done.metrics["self_training"]
    assert [item["selected"] for item in found["rounds"][1:]] == [0]
    assert found["rounds"][1]["labelled"] == 20 == sum(found["rounds"][1]["reasons"].values())
    assert found["rounds"][1]["right"] is None  # the unlabelled file has labels of another task
    assert "of its teacher's 20 answers 20 could not be read" in done.self_training
    assert "No pseudo-label passed" in done.folder.report.read_text(encoding="utf-8")
