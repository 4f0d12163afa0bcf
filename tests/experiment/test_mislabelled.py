from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from luthier.data import Examples
from luthier.errors import UserError
from luthier.evaluation.baselines import Tfidf
from luthier.experiment.folder import RunFolder
from luthier.experiment.mislabelled import find_wrong_labels, write_wrong_labels
from luthier.experiment.recipe import to_yaml
from luthier.files import read_jsonl, write_json, write_jsonl
from luthier.inference.prediction import Prediction
from luthier.tasks import Aspects, Classification, Entity, Example, Extraction, Generation

GOOD = ["lovely", "great", "wonderful", "tasty", "perfect"]
BAD = ["awful", "terrible", "disgusting", "horrible", "nasty"]
THINGS = ["soup", "rice", "bread", "fish", "salad", "tea", "cake", "curry"]
TASK = Classification(labels=("good", "bad"))


def reviews(count, seed=0):
    """Texts whose words tell their label; numbers 5 and 16 have the other one."""
    generator = random.Random(seed)
    found = []
    for n in range(count):
        label = TASK.labels[n % 2]
        words = generator.sample((GOOD, BAD)[n % 2], 3)
        text = " and ".join(f"{word} {generator.choice(THINGS)}" for word in words) + f" number {n}"
        found.append(Example(f"r-{n}", text, label, origin=f"r.jsonl:{n + 1}"))
    for n in (5, 16):
        wrong = "good" if n % 2 else "bad"
        found[n] = Example(found[n].id, found[n].text, wrong, origin=found[n].origin)
    return found


def test_planted_labels_come_first_and_the_list_is_the_same_again():
    given = reviews(60)
    suspects = find_wrong_labels(TASK, given)
    assert {item.example.id for item in suspects[:2]} == {"r-5", "r-16"}
    assert {item.example.id: item.suggested for item in suspects[:2]} == {"r-5": "bad", "r-16": "good"}
    assert find_wrong_labels(TASK, Examples.of(given)) == suspects


def test_no_judge_has_learnt_from_another_record_of_the_same_group(monkeypatch, tmp_path):
    sides = []

    class Watched(Tfidf):
        def __init__(self, task, examples, seed):
            self.learnt = {example.group for example in examples}
            super().__init__(task, examples, seed)

        def predict(self, task, examples):
            sides.append((self.learnt, {example.group for example in examples}))
            return super().predict(task, examples)

    monkeypatch.setattr("luthier.experiment.mislabelled.Tfidf", Watched)
    records = [{"text": item.text, "label": item.target, "7": n // 4} for n, item in enumerate(reviews(60))]
    write_jsonl(tmp_path / "r.jsonl", records)
    path = tmp_path / "task.yaml"
    path.write_text(to_yaml({"task": TASK.model_dump(mode="json"), "data": {"group": 7}}), encoding="utf-8")
    write_wrong_labels(str(tmp_path / "r.jsonl"), path, tmp_path / "suspects.jsonl")
    assert len(sides) == 5
    assert all(not learnt & judged for learnt, judged in sides)
    assert set().union(*(judged for _, judged in sides)) == {str(n) for n in range(15)}


def test_a_planted_aspect_is_found_in_its_field():
    task = Aspects(aspects=("food", "price"), labels=("positive", "negative"))
    generator = random.Random(1)
    given = []
    for n in range(80):
        food, price = n % 2, n // 2 % 2
        text = f"{generator.choice((GOOD, BAD)[food])} food, {('cheap', 'dear')[price]} bill, visit {n}"
        labels = {"food": task.labels[food]} | ({"price": "negative"} if price else {})
        given.append(Example(str(n), text, labels))
    given[7] = Example("7", given[7].text, {**given[7].target, "food": "positive"})
    first = find_wrong_labels(task, given)[0]
    assert (first.example.id, first.fields) == ("7", ("food",))
    assert first.suggested == {"food": "negative", "price": "negative"}


def test_a_planted_entity_is_found_without_a_model():
    task = Extraction(types=("LOC",), language="zh")
    cities = ["北京", "上海", "广州", "深圳"]
    given = []
    for n in range(80):
        city = cities[n % 4]
        text = f"他在{city}工作了{n}年"
        given.append(Example(str(n), text, (Entity(2, 4, "LOC", city),)))
    given[9] = Example("9", given[9].text, ())
    (suspect,) = find_wrong_labels(task, given)
    assert (suspect.example.id, suspect.suggested) == ("9", (Entity(2, 4, "LOC", "上海"),))


def test_texts_have_no_wrong_labels():
    with pytest.raises(UserError, match="has no labels that could be wrong"):
        find_wrong_labels(Generation(), [Example("1", "a", "b")])


@pytest.fixture
def files(tmp_path):
    task = tmp_path / "task.yaml"
    task.write_text(to_yaml({"task": TASK.model_dump(mode="json", exclude_none=True)}))
    write_jsonl(tmp_path / "r.jsonl", ({"id": e.id, "text": e.text, "label": e.target} for e in reviews(60)))
    return tmp_path


def test_the_list_is_written_for_a_person(files):
    output = files / "wrong.jsonl"
    report = write_wrong_labels(str(files / "r.jsonl"), files / "task.yaml", output)
    rows = list(read_jsonl(output))
    assert report.examples == 60
    assert report.suspects == len(rows) >= 2
    assert report.changes.keys() <= {"good -> bad", "bad -> good"}
    assert sum(report.changes.values()) == len(rows)
    first = next(row for row in rows if row["id"] == "r-5")
    assert (first["given"], first["suggested"], first["origin"], first["decision"]) == (
        "good",
        "bad",
        "r.jsonl:6",
        "",
    )
    assert [row["score"] for row in rows] == sorted(row["score"] for row in rows)


def write_run(path, examples, *, task=TASK, probabilities=True, folds=True):
    """A cross-validated run that read every text by its words, all but the last three of which it learnt."""
    folder = RunFolder(path / "run")
    write_json(folder.manifest, {"finished": "now"})
    write_json(folder.metrics, {})
    recipe = {
        "task": task.model_dump(mode="json", exclude_none=True),
        "data": {"train": "gone.jsonl"},
        "output": str(folder.path),
    }
    folder.recipe.write_text(to_yaml(recipe))
    learnt = examples[:-3]
    write_jsonl(folder.data / "train.jsonl", Examples.of(learnt).to_records())
    predictions = []
    for n, example in enumerate(learnt):
        p = 0.04 if n % 2 else 0.96
        chances = {"": {"good": p, "bad": 1 - p}} if probabilities else {}
        predictions.append(Prediction(example.id, TASK.labels[n % 2], confidence=0.96, probabilities=chances))
    if folds:
        write_jsonl(folder.cross_validation, (item.to_row() for item in predictions))
    return str(folder.path)


@pytest.mark.parametrize("probabilities", [True, False])
def test_a_cross_validated_run_judges_what_it_did_not_learn(files, probabilities):
    given = reviews(60)
    run = write_run(files, given, probabilities=probabilities)
    report = write_wrong_labels(str(files / "r.jsonl"), files / "task.yaml", files / "wrong.jsonl", model=run)
    assert (report.examples, report.unjudged, report.suspects, report.model) == (57, 3, 2, run)
    rows = list(read_jsonl(files / "wrong.jsonl"))
    assert {row["id"]: row["suggested"] for row in rows} == {"r-5": "bad", "r-16": "good"}
    assert [row["score"] for row in rows] == [0.04, 0.04]


def test_a_run_judges_records_that_it_learnt_clean(files):
    given = reviews(60)
    run = write_run(files, given)
    untidy = [replace(item, text=f" {item.text.replace(' ', '  ')}<br>") for item in given]
    assert find_wrong_labels(TASK, untidy, model=run) == [
        replace(item, example=replace(item.example, text=untidy[int(item.example.id[2:])].text))
        for item in find_wrong_labels(TASK, given, model=run)
    ]


def test_a_run_that_learnt_everything_is_refused(files):
    run = write_run(files, reviews(60), folds=False)
    with pytest.raises(UserError, match="its model learnt what it would judge") as caught:
        find_wrong_labels(TASK, reviews(60), model=run)
    assert "evaluation.folds=5" in caught.value.hint


def test_a_run_over_other_labels_or_other_records_is_refused(files):
    given = reviews(60)
    run = write_run(files, given)
    with pytest.raises(UserError, match="predicts other labels"):
        find_wrong_labels(Classification(labels=("good", "bad", "so")), given, model=run)
    with pytest.raises(UserError, match="None of the records"):
        find_wrong_labels(TASK, [Example("r-1", "another text", "good")], model=run)
    with pytest.raises(UserError, match="no run folder"):
        find_wrong_labels(TASK, given, model=str(files / "nowhere"))


def test_the_list_is_json_that_a_person_can_read(files):
    output = files / "wrong.jsonl"
    write_wrong_labels(str(files / "r.jsonl"), files / "task.yaml", output)
    keys = ["id", "origin", "text", "fields", "given", "suggested", "score", "decision"]
    assert all(list(json.loads(line)) == keys for line in output.read_text(encoding="utf-8").splitlines())
