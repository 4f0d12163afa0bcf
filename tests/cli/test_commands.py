"""Every command does its work on a model and data that take seconds."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from tests.cli.conftest import Luthier
from tests.experiment.conftest import reviews, write_jsonl

from luthier import __version__, load_recipe

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(ROOT.glob("examples/*/recipe*.yaml"))
PROGRAM = [sys.executable, "-m", "luthier"]


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_from_a_file_to_scores_as_a_newcomer_walks(
    recipe: Path, model_folder: Path, luthier: Luthier
) -> None:
    written = luthier("new", "train.jsonl", "--output", "mine.yaml")
    assert (written.code, written.out) == (0, "")
    assert "luthier check mine.yaml" in written.err
    changes = [f"model={model_folder}", "training={steps: 2, batch_size: 4}", "data.test=test.jsonl"]
    changes += ["evaluation={baselines: [majority], bootstrap: 20}", "output=first"]
    options = [word for change in changes for word in ("--set", change)]
    checked = luthier("check", "mine.yaml", *options)
    assert checked.code == 0
    assert "every sample ends with a supervised end token" in checked.out
    assert not Path("first").exists()
    ran = luthier("run", "mine.yaml", *options)
    assert ran.code == 0
    assert "fine-tuned" in ran.out
    assert Path("first/report.html").exists()
    assert "test/id" in ran.out
    assert "training ..." in ran.err
    assert "training ..." not in ran.out
    again = luthier("run", "mine.yaml", *options)
    assert "this one goes to first-2" in again.err
    compared = luthier("compare", "first", "first-2", "--json")
    difference = json.loads(compared.out)["tests"]["id"]["against_first"][1]["kappa"]
    assert (difference["value"], difference["p_value"]) == (0, 1)


def test_new_prints_a_recipe_that_loads(recipe: Path, luthier: Luthier) -> None:
    said = luthier("new", "train.jsonl")
    assert said.code == 0
    Path("new.yaml").write_text(said.out, encoding="utf-8")
    found = load_recipe(Path("new.yaml"))
    assert found.task.type == "aspects"
    assert set(found.task.schema()["food"].labels) == {"positive", "negative", "neutral"}


def test_check_as_json(recipe: Path, luthier: Luthier) -> None:
    said = luthier("check", recipe, "--samples", "1", "--json")
    found = json.loads(said.out)
    assert said.code == 0
    assert len(found["samples"]) == 1
    assert found["end_supervised"] is True
    assert found["data"]["counts"]["read"] == {"train": 20, "test/id": 6, "test/ood": 4}
    assert found["peak_memory_bytes"] > 0


def test_check_counts_classes_and_tells_what_is_rare(recipe: Path, luthier: Luthier) -> None:
    data = json.loads(luthier("check", recipe, "--json").out)["data"]
    train = data["classes"]["train"]["food"]
    said = luthier("check", recipe, "--samples", "0").out
    assert re.search(rf"food positive\W+{train['positive']}\W", said)
    # Of 20 records at most two are of a neutral price.
    assert any((item["field"], item["label"]) == ("price", "neutral") for item in data["imbalances"])
    assert re.search(r"class: price: (only \w+ records? (is|are)|no training record is) 'neutral'", said)
    assert "'not mentioned'" not in said


def test_check_marks_supervised_text_without_colour_too(recipe: Path, luthier: Luthier) -> None:
    said = luthier("check", recipe, "--samples", "1")
    assert said.code == 0
    # The answer with its end token and nothing else; the other brackets stand in the heading and explain it.
    _, answer = re.findall("⟦(.*?)⟧", said.out, re.DOTALL)
    assert re.fullmatch(r"food: [a-z ]+\nprice: [a-z ]+<\|im_end\|>", answer)


def test_check_tells_what_cleaning_and_duplicates_did(recipe: Path, luthier: Luthier) -> None:
    again, told = reviews("train", 20)[0], reviews("train", 20)[1]
    more = [{**again, "id": "x"}, {**told, "id": "y", "text": told["text"] + "  <br>", "aspects": {}}]
    write_jsonl(Path("train.jsonl"), [*reviews("train", 20), *more])
    said = luthier("check", recipe, "--samples", "0")
    assert re.search(r"duplicates +│ +equal, left out +│ +1 ", said.out)
    assert re.search(r"changed: html +│ +1 +│ +0 ", said.out)
    assert "html: train.jsonl:22: 'train 1: Great noodles, dear though.  <br>' -> 'train 1: Great" in said.out
    assert (
        'conflict: train-1 {"food": "positive", "price": "negative"}; y {}: train 1: Great noodles'
        in said.out
    )


def test_clean_a_file(recipe: Path, luthier: Luthier) -> None:
    dirty = [{"text": "汤  很好喝！！！！！", "stars": 5}, {"text": "\u200b"}]
    write_jsonl(Path("in.jsonl"), dirty)
    said = luthier("clean", "in.jsonl", "--output", "out.jsonl", "--report", "deep/r.json")
    assert said.code == 0
    assert "1 of 2 records in out.jsonl" in said.err
    assert re.search(r"left out: empty +│ +1 ", said.out)
    assert "spaces: in.jsonl:1: '汤  很好喝！！！！！' -> '汤 很好喝！！！'" in said.out
    assert rows(Path("out.jsonl").read_text("utf-8")) == [{"text": "汤 很好喝！！！", "stars": 5}]
    again = luthier("clean", "in.jsonl", "--output", "o2.jsonl", "--json", "--duplicates", "near")
    assert json.loads(again.out)["cleaned"] == json.loads(Path("deep/r.json").read_text("utf-8"))["cleaned"]
    with_task = luthier("clean", "train.jsonl", "--output", "o3.jsonl", "--task", recipe)
    assert (with_task.code, len(rows(Path("o3.jsonl").read_text("utf-8")))) == (0, 20)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["in.jsonl", "--output", "in.jsonl"], "does not overwrite it"),
        (["nowhere.jsonl", "--output", "out.jsonl"], "nowhere.jsonl"),
        (["in.jsonl", "--output", "out.jsonl", "--duplicates", "some"], "'report', 'equal', 'near'"),
        (["in.jsonl", "--output", "out.jsonl", "--corrections", "in.jsonl"], "Give --task TASK.yaml"),
    ],
)
def test_clean_refuses_what_cannot_work(
    recipe: Path, luthier: Luthier, words: list[str], message: str
) -> None:
    write_jsonl(Path("in.jsonl"), [{"text": "x"}])
    said = luthier("clean", *words)
    assert said.code == 2
    assert message in said.err


def test_tables_name_the_intervals_that_they_show(recipe: Path, luthier: Luthier) -> None:
    narrow = luthier("run", recipe, "--set", "evaluation.confidence=0.8", "--output", "narrow")
    assert "test/id (6 records, 80% intervals)" in narrow.out
    none = luthier("run", recipe, "--set", "evaluation.bootstrap=0", "--output", "none")
    assert "test/id (6 records)" in none.out
    assert "test/id (6 records, 80% intervals)" in luthier("compare", "narrow", "none").out


def test_run_as_json_keeps_messages_off_stdout(recipe: Path, luthier: Luthier) -> None:
    said = luthier("run", recipe, "--json", "--output", "other", "--set", "method.rank=2")
    found = json.loads(said.out)
    assert found["run"] == "other"
    assert Path(found["report"]).exists()
    assert set(found["metrics"]["test/ood"]["kappa"]) == {"value", "low", "high"}
    assert "training ..." in said.err


def test_predict_from_file_texts_and_json_lines(recipe: Path, finished_run: Path, luthier: Luthier) -> None:
    first = json.loads((finished_run / "predictions/id.jsonl").read_text().splitlines()[0])
    text = reviews("test", 1)[0]["text"]
    from_file = rows(luthier("predict", finished_run, "--input", "test.jsonl").out)
    assert [row["id"] for row in from_file] == [f"test-{number}" for number in range(6)]
    lines = "".join(json.dumps({"id": id, "text": text}) + "\n" for id in ("test-0", "1"))
    from_json = rows(luthier("predict", finished_run, "--input", "-", stdin=lines).out)
    from_texts = rows(luthier("predict", finished_run, "--input", "-", stdin=f"{text}\n\nTea.\n").out)
    assert [row["id"] for row in from_texts] == ["1", "2"]
    # An id draws the wording of the instruction, so the same text is the same only under the same id.
    assert (from_texts[0]["text"], from_texts[0]["value"]) == (from_json[1]["text"], from_json[1]["value"])
    for row in (from_file[0], from_json[0]):
        assert (row["text"], row["value"]) == (first["text"], first["value"])
        assert row["confidence"] == pytest.approx(first["confidence"], rel=1e-3)


def test_predict_into_a_file(recipe: Path, finished_run: Path, luthier: Luthier) -> None:
    said = luthier("predict", finished_run, "--input", "test.jsonl", "--output", "deep/answers.jsonl")
    assert (said.code, said.out) == (0, "")
    assert "6 predictions in deep/answers.jsonl" in said.err
    assert len(rows(Path("deep/answers.jsonl").read_text())) == 6


def test_label_writes_records_rejects_and_a_report(
    recipe: Path, finished_run: Path, luthier: Luthier
) -> None:
    files = ["--output", "labelled.jsonl", "--rejects", "unsure.jsonl", "--report", "report.json"]
    said = luthier("label", "test.jsonl", "--run", finished_run, *files, "--confidence", "0.5", "--json")
    assert said.code == 0
    report = json.loads(said.out)
    assert report == json.loads(Path("report.json").read_text(encoding="utf-8"))
    labelled, unsure = (rows(Path(name).read_text()) for name in ("labelled.jsonl", "unsure.jsonl"))
    assert len(labelled) == report["labelled"]
    assert len(labelled) + len(unsure) == report["records"] == 6
    assert all(row["reason"] for row in unsure)
    again = luthier("label", "test.jsonl", "--run", finished_run, "--output", "labelled.jsonl")
    assert again.code == 2
    assert "labelled.jsonl exists" in again.err


def test_evaluate_repeats_the_scores_of_the_run(recipe: Path, finished_run: Path, luthier: Luthier) -> None:
    said = luthier("evaluate", finished_run, "--data", "test.jsonl", "--json")
    known = json.loads((finished_run / "metrics.json").read_text())["test/id"]
    found = json.loads(said.out)["metrics"]
    assert found["kappa"]["value"] == pytest.approx(known["kappa"]["value"])
    assert "accuracy" in luthier("evaluate", finished_run, "--data", "test.jsonl").out


GOLD = [
    {"id": "a", "text": "one", "aspects": {"food": "positive"}},
    {"id": "b", "text": "two", "aspects": {"price": "negative"}},
]


@pytest.mark.parametrize(
    "predictions",
    [
        [
            {"id": "b", "text": "food: not mentioned\nprice: negative"},
            {"id": "a", "text": "food: positive\nprice: positive"},
        ],
        [{"text": "food: positive\nprice: positive"}, {"text": "food: not mentioned\nprice: negative"}],
        [
            {"id": "b", "value": {"price": "negative"}},
            {"id": "a", "value": {"food": "positive", "price": "positive"}},
        ],
        [{"value": {"food": "positive", "price": "positive"}}, {"value": {"price": "negative"}}],
    ],
    ids=["text by id", "text by line", "value by id", "value by line"],
)
def test_score_of_texts_and_values(predictions: list[dict[str, Any]], recipe: Path, luthier: Luthier) -> None:
    write_jsonl(Path("gold.jsonl"), GOLD)
    write_jsonl(Path("p.jsonl"), predictions)
    files = ("--task", recipe, "--gold", "gold.jsonl", "--predictions", "p.jsonl")
    said = luthier("score", *files, "--json")
    found = json.loads(said.out)
    assert {"n", "metrics", "format_errors", "reading"} <= set(found)
    assert (found["n"], found["reading"]) == (2, "lenient")
    assert found["format_errors"] == {"count": 0, "kinds": {}}
    # Three of the four aspects are right, and one of the two records as a whole.
    assert found["metrics"]["accuracy"] == 0.75
    assert found["metrics"]["sample_accuracy"] == 0.5
    # Po: positive as positive, unmentioned as positive (1/2), unmentioned and negative as such: 3.5 / 4.
    # Gold: 1 positive, 1 negative, 2 unmentioned; predicted: 2 positive, 1 negative, 1 unmentioned.
    # Pe = (1*2*1 + 1*1*0 + 1*1*.5 + 1*2*0 + 1*1*1 + 1*1*.5 + 2*2*.5 + 2*1*.5 + 2*1*1) / 16 = 9/16.
    assert found["metrics"]["kappa"] == pytest.approx((3.5 / 4 - 9 / 16) / (1 - 9 / 16))
    assert "accuracy" in luthier("score", *files).out
    # Of food, the text "one" is right and "two", unmentioned, too; of price only "two".
    assert [found["by_field"][name]["accuracy"]["value"] for name in ("food", "price")] == [1, 0.5]


def test_score_says_how_many_records_have_no_prediction(recipe: Path, luthier: Luthier) -> None:
    write_jsonl(Path("gold.jsonl"), GOLD)
    write_jsonl(Path("p.jsonl"), [{"id": "b", "value": {"price": "negative"}}])
    said = luthier("score", "--task", recipe, "--gold", "gold.jsonl", "--predictions", "p.jsonl")
    assert said.code == 0
    assert "1 of 2 records has no prediction and counts as wrong: a" in said.out


def test_score_counts_format_errors_by_kind(recipe: Path, luthier: Luthier) -> None:
    write_jsonl(Path("gold.jsonl"), GOLD)
    write_jsonl(Path("p.jsonl"), [{"text": "It was all quite nice."}, {"text": ""}])
    said = luthier("score", "--task", recipe, "--gold", "gold.jsonl", "--predictions", "p.jsonl", "--json")
    assert json.loads(said.out)["format_errors"] == {"count": 2, "kinds": {"prose": 1, "empty": 1}}


def test_version(luthier: Luthier) -> None:
    assert luthier("version").out.strip() == __version__


def accepts(schema: Mapping[str, Any], node: Mapping[str, Any] | bool, value: Any) -> bool:
    """The part of JSON Schema that ours uses."""
    if isinstance(node, bool):
        return node
    if "$ref" in node:
        return accepts(schema, schema["$defs"][node["$ref"].rsplit("/", 1)[1]], value)
    for key, wanted in (("anyOf", range(1, 99)), ("oneOf", (1,))):
        if key in node and sum(accepts(schema, branch, value) for branch in node[key]) not in wanted:
            return False
    if value not in node.get("enum", [value]) or value != node.get("const", value):
        return False
    kinds = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "integer": int,
        "number": (int, float),
        "null": type(None),
    }
    if "type" in node and (
        not isinstance(value, kinds[node["type"]])
        or (isinstance(value, bool) and node["type"] in ("integer", "number"))
    ):
        return False
    if isinstance(value, list):
        return len(value) >= node.get("minItems", 0) and all(
            accepts(schema, node.get("items", True), item) for item in value
        )
    if isinstance(value, dict):
        known, others = node.get("properties", {}), node.get("additionalProperties", True)
        return set(node.get("required", ())) <= set(value) and all(
            accepts(schema, known.get(key, others), item) for key, item in value.items()
        )
    return True


@pytest.fixture
def schema(luthier: Luthier) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(luthier("schema").out)
    return found


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_shipped_recipes_load_and_fit_the_schema(path: Path, schema: dict[str, Any]) -> None:
    assert load_recipe(path).data.train.endswith("train.jsonl")
    assert accepts(schema, schema, YAML(typ="safe").load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "values",
    [
        {"model": "luthier/tiny", "method": "lora", "design": {"format": "json"}},
        {
            "model": {"name": "gpt2"},
            "method": {"type": "lora", "rank": 8},
            "design": {"format": {"type": "json"}},
        },
        {
            "training": {"learning_rate": 1e-4, "batch_size": "auto"},
            "task": {"type": "classification", "labels": [1, 2]},
        },
    ],
)
def test_schema_takes_short_forms_and_long_ones(values: dict[str, Any], schema: dict[str, Any]) -> None:
    whole = {"task": {"type": "aspects", "aspects": ["food"]}, "data": {"train": "a.jsonl"}, **values}
    assert accepts(schema, schema, whole)


@pytest.mark.parametrize(
    "values",
    [
        {"metod": "lora"},
        {"method": "lorra"},
        {"method": {"type": "lora", "rnak": 8}},
        {"design": {"format": "linse"}},
        {"training": {"batch_size": "many"}},
        {"model": 5},
        {"data": {}},
    ],
)
def test_schema_refuses_what_the_recipe_refuses(values: dict[str, Any], schema: dict[str, Any]) -> None:
    whole = {"task": {"type": "aspects", "aspects": ["food"]}, "data": {"train": "a.jsonl"}, **values}
    assert not accepts(schema, schema, whole)


def test_schema_is_valid_json_schema(schema: dict[str, Any]) -> None:
    import jsonschema

    jsonschema.Draft202012Validator.check_schema(schema)


def test_help_is_instant_and_imports_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['luthier', '--help']\n"
        "from luthier.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'peft', 'datasets', 'pydantic', 'sklearn', 'numpy', 'ruamel'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    took = []
    for _ in range(3):
        # Processor time: a machine busy with other work is no fault of ours.
        before = os.times()
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        after = os.times()
        took.append(
            after.children_user + after.children_system - before.children_user - before.children_system
        )
        assert done.stderr.strip() == "[]"
        assert "compare" in done.stdout
    assert min(took) < 0.5


def test_reader_that_goes_away_does_no_harm() -> None:
    program = subprocess.Popen([*PROGRAM, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert program.stdout is not None
    program.stdout.close()  # long before the program has anything to write
    assert program.wait(60) == 0
    assert program.stderr is not None
    assert program.stderr.read() == b""


def test_interrupted_run_keeps_its_work_and_resumes_to_the_same_weights(
    recipe: Path, luthier: Luthier
) -> None:
    options = ["--set", "training={steps: 40, batch_size: 4, evaluate_every: 1}", "--set", "method=full"]
    program = subprocess.Popen(
        [*PROGRAM, "run", recipe, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        # A shell lets what it starts in the background ignore SIGINT, and so would this program.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not list(Path("run").glob("checkpoints/checkpoint-*/trainer_state.json")):
        assert time.monotonic() < deadline
        assert program.poll() is None, program.communicate()
        time.sleep(0.01)
    program.send_signal(signal.SIGINT)
    _, messages = program.communicate(timeout=60)
    assert program.returncode == 130, messages
    assert "--resume" in messages
    assert "Traceback" not in messages
    assert not Path("run/metrics.json").exists()
    half = luthier("predict", "run", "--input", "-", stdin="Tea.")
    assert half.code == 2
    assert "--resume" in half.err
    assert luthier("run", recipe, *options, "--resume").code == 0
    assert luthier("run", recipe, *options, "--output", "straight").code == 0
    weights = [Path(run, "model/model.safetensors").read_bytes() for run in ("run", "straight")]
    assert weights[0] == weights[1]


def test_augment_writes_copies_and_says_what_became_of_the_others(recipe: Path, luthier: Luthier) -> None:
    said = luthier("augment", "train.jsonl", "--task", recipe, "--output", "more.jsonl", "--augment", "noise")
    assert said.code == 0
    rows = [json.loads(line) for line in Path("more.jsonl").read_text(encoding="utf-8").splitlines()]
    copies = [row for row in rows if "~noise-" in row["id"]]
    assert len(rows) == 20 + len(copies)
    assert f"{len(copies)} copies of 20 records in more.jsonl" in said.out
    assert "distinct-1" in said.out
    arguments = ("augment", "train.jsonl", "--task", recipe, "--output", "new.jsonl", "--augment", "noise")
    said = luthier(*arguments, "--only-new", "--json")
    assert json.loads(said.out)["made"] == {"noise": len(copies)}
    before = Path("new.jsonl").read_text(encoding="utf-8")
    said = luthier(*arguments, "--seed", "1", "--copies", "2", "--only-new")
    assert (said.code, "does not overwrite" in said.err) == (2, True)
    assert Path("new.jsonl").read_text(encoding="utf-8") == before
    Path("new.jsonl").unlink()
    assert luthier(*arguments, "--seed", "1", "--copies", "2", "--only-new").code == 0
    assert "~noise-2" in Path("new.jsonl").read_text(encoding="utf-8")


def test_augment_asks_a_run_about_each_copy(recipe: Path, finished_run: Path, luthier: Luthier) -> None:
    arguments = ("augment", "train.jsonl", "--task", recipe, "--output", "new.jsonl", "--augment", "noise")
    said = luthier(*arguments, "--agree", finished_run, "--rejects", "no.jsonl", "--json")
    assert said.code == 0
    told = json.loads(said.out)
    assert 0 <= told["agreement"]["noise"] <= 1
    refused = Path("no.jsonl").read_text(encoding="utf-8").count("the model gives another label")
    assert refused == told["refused"]["noise"].get("the model gives another label", 0)
    Path("new.jsonl").unlink()
    said = luthier(*arguments, "--agree", "nowhere")
    assert (said.code, "nowhere" in said.err) == (2, True)
