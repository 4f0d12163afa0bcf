"""What a newcomer does wrong, and what the command line answers: exit code 2, where, what, and what to do."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.cli.conftest import Luthier, Said
from tests.experiment.conftest import write_jsonl

JARGON = (
    "Traceback",
    "Input should",
    "pydantic",
    "function-",
    "tuple",
    "NoneType",
    "<class",
    "Value error",
    "dict[",
    "Error(",
    "is wrong: should",
)


def assert_helps(said: Said, *parts: str) -> None:
    assert said.code == 2, said
    assert not said.out
    found = said.err
    for part in parts:
        assert part in found, f"{part!r} is not said in:\n{found}"
    for word in JARGON:
        assert word not in found, found


class Recipe(NamedTuple):
    old: str
    new: str
    says: tuple[str, ...]
    problems: int = 1
    arguments: tuple[str, ...] = ()


RECIPES = {
    # a key that does not exist, at every depth
    "misspelt section": Recipe(
        "evaluation:", "evaluaton:", ("recipe.yaml:20: evaluaton", "did you mean 'evaluation'?")
    ),
    "misspelt key": Recipe(
        "  rank: 4", "  rnak: 4", ("recipe.yaml:16: method.rnak", "alpha, dora", "did you mean 'rank'?")
    ),
    "option of another method": Recipe(
        "rank: 4",
        "trainable: {last: 2}",
        ("recipe.yaml:16: method.trainable", "it is an option of type freeze"),
    ),
    "key in the wrong section": Recipe(
        "seed: 0", "epochs: 3", ("recipe.yaml:24: epochs", "it belongs in `training`")
    ),
    "misspelt override of a test set": Recipe(
        "aspects: [noise]",
        "aspect: [noise]",
        ("recipe.yaml:9: data.test.ood.aspect", "did you mean 'aspects'?"),
    ),
    "key that a format lacks": Recipe(
        "format: lines",
        "format: {type: lines, separator: x}",
        ("recipe.yaml:12: design.format.separator", "unknown key"),
    ),
    # a wrong value
    "misspelt type": Recipe(
        "type: aspects", "type: aspect", ("recipe.yaml:2: task.type", "extraction", "did you mean 'aspects'?")
    ),
    "misspelt strategy": Recipe(
        "es-sde", "es_sde", ("recipe.yaml:11: design.strategy: 'es_sde'", "ew-sde", "did you mean 'es-sde'?")
    ),
    "misspelt format": Recipe(
        "format: lines", "format: linse", ("recipe.yaml:12: design.format: 'linse'", "natural, lines, json")
    ),
    "misspelt baseline": Recipe(
        "[majority]",
        "[majorty]",
        ("recipe.yaml:21: evaluation.baselines.0: 'majorty'", "tfidf, zero-shot", "'majority'?"),
    ),
    "metric that does not score the task": Recipe(
        "batch_size: 4",
        "early_stopping: {metric: rouge1}",
        ("recipe.yaml:19: training.early_stopping.metric: 'rouge1'", "type 'aspects'", "kappa, accuracy"),
    ),
    "word for a number": Recipe(
        "rank: 4", "rank: four", ("recipe.yaml:16: method.rank: 'four'", "allowed: a whole number")
    ),
    "number out of bounds": Recipe(
        "rank: 4", "rank: 0", ("recipe.yaml:16: method.rank: 0", "allowed: at least 1")
    ),
    "neither auto nor a number": Recipe(
        "batch_size: 4",
        "learning_rate: fast",
        ("recipe.yaml:19: training.learning_rate: 'fast'", "allowed: auto, a number"),
    ),
    "nothing for a batch": Recipe(
        "batch_size: 4", "batch_size: 0", ("recipe.yaml:19: training.batch_size", "above 0")
    ),
    "text for a list": Recipe(
        "[food, price]", "food", ("recipe.yaml:3: task.aspects: 'food'", "a list", "write [food]")
    ),
    "empty list": Recipe("[food, price]", "[]", ("recipe.yaml:3: task.aspects: []", "a list of at least 1")),
    "truth value as a label": Recipe(
        "[food, price]",
        "[food, price]\n  labels: [true, false]",
        ('recipe.yaml:4: task.labels.0: true is not allowed (allowed: a text) - put it in quotes: "true"',),
        2,
    ),
    "name of a task for its options": Recipe(
        "task:\n  type: aspects\n  aspects: [food, price]",
        "task: aspects",
        ("recipe.yaml:1: task: 'aspects'", "write {type: aspects}"),
    ),
    "misspelt name of a method": Recipe(
        "method:\n  type: lora\n  rank: 4",
        "method: lorra",
        ("recipe.yaml:14: method: 'lorra' is not a known type", "full, freeze, lora, p-tuning-v2", "'lora'?"),
    ),
    "section without keys": Recipe(
        "  strategy: es-sde\n  format: lines\n", "", ("recipe.yaml:10: design: is empty", "remove the line")
    ),
    "list of test sets": Recipe(
        "  test:\n    id: test.jsonl\n    ood: {path: ood.jsonl, aspects: [noise]}",
        "  test: [test.jsonl]",
        ('recipe.yaml:7: data.test: ["test.jsonl"]', "a text, keys with values"),
    ),
    "test set without a file": Recipe(
        "path: ood.jsonl, ", "", ("recipe.yaml:9: data.test.ood.path: is required but missing",)
    ),
    "test set that is a number": Recipe(
        "id: test.jsonl", "id: 5", ("recipe.yaml:8: data.test.id: 5", 'put it in quotes: "5"')
    ),
    "share above one": Recipe(
        "validation: 0.2", "validation: 20", ("recipe.yaml:6: data.validation", "between 0 and 1", "found 20")
    ),
    "output that is no path": Recipe(
        "output: run", "output: [run]", ('recipe.yaml:23: output: ["run"]', "allowed: a path")
    ),
    # something required is missing
    "no aspects": Recipe(
        "  aspects: [food, price]\n", "", ("recipe.yaml:1: task.aspects: is required but missing",)
    ),
    "no task": Recipe(
        "task:\n  type: aspects\n  aspects: [food, price]\n",
        "",
        ("recipe.yaml: task: is required but missing",),
    ),
    # what cannot be told apart
    "aspects alike": Recipe(
        "[food, price]",
        "[food, Food]",
        ("recipe.yaml:3: task.aspects", "'Food' cannot be told apart from 'food'"),
    ),
    "label that means nothing": Recipe(
        "[food, price]",
        "[food, price]\n  labels: [good, not mentioned]",
        ("recipe.yaml:4: task.labels: label 'not mentioned'", "`unmentioned`"),
    ),
    "override alike": Recipe(
        "[noise]",
        "[noise, NOISE]",
        ("recipe.yaml:9: data.test.ood.aspects", "'NOISE' cannot be told apart from 'noise'"),
    ),
    "override of a wrong kind": Recipe(
        "[noise]", "noise", ("recipe.yaml:9: data.test.ood.aspects: 'noise'", "write [noise]")
    ),
    # contradictions
    "reasons that the format has no room for": Recipe(
        "format: lines",
        "reasoning: before",
        ("recipe.yaml:12: design.reasoning", "'lines'", "set `format: json`"),
    ),
    "two lengths of training": Recipe(
        "steps: 2", "steps: 2\n  epochs: 3", ("recipe.yaml:17: training", "epochs or steps, not both")
    ),
    "checkpointing with a prefix": Recipe(
        "type: lora\n  rank: 4\ntraining:",
        "type: p-tuning-v2\ntraining:\n  gradient_checkpointing: true",
        ("recipe.yaml:17: training.gradient_checkpointing", "p-tuning-v2", "set it to false"),
    ),
    "nothing to leave out": Recipe(
        "type: aspects\n  aspects: [food, price]",
        "type: classification\n  labels: [good, bad]",
        ("recipe.yaml:10: design.unmentioned", "nothing can be left out", "allowed: placeholder"),
        1,
        ("--set", "design.strategy=ew-sde", "--set", "data.test=test.jsonl"),
    ),
    "placeholder that stands for nothing": Recipe(
        "format: lines",
        'instructions: ["Judge {field}."]',
        ("recipe.yaml:12: design.instructions.0: nothing stands for {field}", "{fields}"),
    ),
    "two wholes of layers": Recipe(
        "type: lora\n  rank: 4",
        "type: freeze\n  trainable: {last: 1, first: 1}",
        ("recipe.yaml:16: method.trainable: give exactly one of last, first and patterns",),
    ),
    # files and models
    "misspelt file": Recipe(
        "train: train.jsonl",
        "train: trian.jsonl",
        ("recipe.yaml:5: data.train: no such file", "did you mean train.jsonl?"),
    ),
    "misspelt embedded model": Recipe(
        "model: ", "model: luthier/tny #", ("recipe.yaml:13: model", "no embedded model luthier/tny")
    ),
    "folder without a model": Recipe(
        "model: ", "model: . #", ("recipe.yaml:13: model", "it has no config.json", "save_pretrained")
    ),
    "columns the wrong way round": Recipe(
        "validation: 0.2",
        "columns: {review: text}",
        ("recipe.yaml:6: data.columns", "our name comes first: `text: review`"),
    ),
    "label map to nowhere": Recipe(
        "validation: 0.2",
        "label_map: {5: positiv}",
        ("recipe.yaml:6: data.label_map: 'positiv'", "did you mean 'positive'?"),
    ),
    "encoding that is none": Recipe(
        "validation: 0.2", "encoding: utf9", ("recipe.yaml:6: data.encoding", "'utf9'", "gb18030")
    ),
    # --set
    "override without a value": Recipe(
        "", "", ("--set: 'seed' is not key=value", "training.epochs=5"), 1, ("--set", "seed")
    ),
    "override of a misspelt key": Recipe(
        "",
        "",
        ("--set training.epoch: unknown key 'epoch'", "did you mean 'epochs'?"),
        1,
        ("--set", "training.epoch=5"),
    ),
    "override below a number": Recipe("", "", ("--set seed.x", "--set seed=..."), 1, ("--set", "seed.x=1")),
    "override that is no YAML": Recipe(
        "", "", ("--set seed: not valid YAML", "close the bracket"), 1, ("--set", "seed=[1")
    ),
    # YAML itself
    "tab": Recipe("  type: aspects", "\ttype: aspects", ("recipe.yaml:2", "indent with spaces")),
    "open bracket": Recipe(
        "[food, price]", "[food, price", ("recipe.yaml:4", "in what begins in line 3", "close the bracket")
    ),
    "key twice": Recipe("seed: 0", "seed: 0\nseed: 1", ("recipe.yaml:25: the key 'seed' is given twice",)),
    "colon in a text": Recipe("output: run", "output: run: one", ("recipe.yaml:23", "in quotes")),
}


@pytest.mark.parametrize("case", RECIPES.values(), ids=RECIPES)
def test_recipe(case: Recipe, recipe: Path, luthier: Luthier) -> None:
    text = recipe.read_text()
    assert case.old in text
    recipe.write_text(text.replace(case.old, case.new, 1))
    said = luthier("check", recipe, *case.arguments)
    assert_helps(said, *case.says)
    assert said.err.count("\n  - ") == case.problems, said.err


def test_all_mistakes_at_once_in_the_order_of_the_file(recipe: Path, luthier: Luthier) -> None:
    text = recipe.read_text().replace("rank: 4", "rank: four").replace("train: train", "trian: train")
    recipe.write_text(text.replace("format: lines", "format: linse").replace("seed: 0", "sed: 0"))
    said = luthier("run", recipe)
    assert_helps(
        said, "recipe.yaml has 5 problems", "did you mean 'train'?", "did you mean 'seed'?", "luthier schema"
    )
    assert [line.split(":")[1] for line in said.err.splitlines() if "  - " in line] == [
        "4",
        "5",
        "12",
        "16",
        "24",
    ]
    assert not Path("run").exists()


class Records(NamedTuple):
    content: str | bytes
    says: tuple[str, ...]
    task: str = "type: classification\n  labels: [good, bad]"
    file: str = "data.jsonl"
    arguments: tuple[str, ...] = ()


OK = '{"text": "fine", "label": "good"}\n'
PAIR = "type: classification\n  labels: [good, bad]\n  pair: true"
SEVERAL = "type: classification\n  labels: [good, bad]\n  multi_label: true"
ASPECTS = "type: aspects\n  aspects: [food, price]"
ENTITIES = "type: extraction\n  types: [PER, ORG]"
RECORDS = {
    "names without quotes": Records(
        OK + "{text: 1}\n", ("data.jsonl:2", "is not JSON", "double quotes", "column 2")
    ),
    "object cut off": Records(OK + '{"text": "a"\n', ("data.jsonl:2", "the line breaks off")),
    "list on a line": Records('["a", "b"]\n', ("data.jsonl:1: is not an object", "belongs in a .json file")),
    "misspelt label": Records(
        OK + '{"text": "x", "label": "god"}\n',
        ("data.jsonl:2: label", "'god'", "good, bad", "did you mean 'good'?", "label_map"),
    ),
    "label that is a list": Records(
        '{"text": "x", "label": ["good"]}\n' + OK, ("data.jsonl:1: label", 'a list ["good"]')
    ),
    "NaN for a label": Records(
        '{"text": "x", "label": NaN}\n' + OK, ("data.jsonl:1: label: is empty", "good, bad")
    ),
    "no such column": Records(
        '{"review": "x", "label": "good"}\n',
        ("data.jsonl: text: no column 'text'", "columns: {text: review}"),
    ),
    "no second text": Records(OK, ("no column 'text_pair'", "one of text, label"), PAIR),
    "empty text": Records(OK + '{"text": " ", "label": "bad"}\n', ("data.jsonl:2: text: is empty",)),
    "number for a text": Records(
        '{"text": 5, "label": "bad"}\n' + OK, ("data.jsonl:1: text: is the number 5", "allowed: a text")
    ),
    "id twice": Records(
        '{"id": 7, "text": "a", "label": "good"}\n{"id": 7, "text": "b", "label": "bad"}\n',
        ("data.jsonl:2: id: '7' is the id of line 1 too",),
    ),
    "negative weight": Records(
        '{"text": "x", "label": "bad", "weight": -1}\n', ("data.jsonl:1: weight", "above 0")
    ),
    "one of several labels": Records(
        '{"text": "x", "labels": "good|bda"}\n', ("data.jsonl:1: labels", "'bda'", "'bad'?"), SEVERAL
    ),
    "aspects that are no mapping": Records(
        '{"text": "a", "aspects": ["food"]}\n', ("data.jsonl:1: aspects", 'a list ["food"]', "{...}"), ASPECTS
    ),
    "misspelt aspect": Records(
        '{"text": "a", "aspects": {"fod": "positive"}}\n',
        ("data.jsonl:1: aspects", "'fod'", "food, price", "did you mean 'food'?"),
        ASPECTS,
    ),
    "reasons for another aspect": Records(
        '{"text": "a", "aspects": {}, "reasons": {"noise": "x"}}\n',
        ("data.jsonl:1: reasons.noise", "food, price"),
        ASPECTS,
    ),
    "reasons missing": Records(
        "".join(
            json.dumps({"text": f"meal {n} of {n * 7}", "aspects": {"food": "positive"}}) + "\n"
            for n in range(9)
        ),
        ("design.reasoning", "examples lack them", "data.jsonl:", '"reasons": {"food"'),
        ASPECTS,
        arguments=("--set", "design.format=json", "--set", "design.reasoning=before"),
    ),
    "offsets past the end": Records(
        '{"text": "abc", "entities": [{"start": 0, "end": 9, "type": "ORG"}]}\n',
        ("data.jsonl:1: entities[0]", "end 9", "<= 3, in characters"),
        ENTITIES,
    ),
    "inclusive end": Records(
        '{"text": "abc def", "entities": [{"start": 0, "end": 2, "type": "ORG", "text": "abc"}]}\n',
        ("data.jsonl:1: entities[0]", "the end is exclusive: write 3"),
        ENTITIES,
    ),
    "misspelt entity type": Records(
        '{"text": "abc", "entities": [{"start": 0, "end": 2, "type": "ORGA"}]}\n',
        ("entities[0].type", "PER, ORG", "'ORG'?"),
        ENTITIES,
    ),
    "dialogue without an answer": Records(
        '{"messages": [{"role": "user", "content": "x"}]}\n',
        ("data.jsonl:1: messages", "assistant"),
        "type: generation",
    ),
    "other encoding": Records(
        '{"text": "味道很好", "label": "good"}\n'.encode("gb18030"),
        ("data.jsonl: is not utf-8: byte 12", "write `encoding: gb18030`"),
    ),
    "empty file": Records("", ("data.jsonl: is empty", "at least one record")),
    "blank lines": Records("\n\n", ("data.jsonl: holds no records",)),
    "all the same": Records(
        OK * 5,
        ("data.train: 1 record is left of 5 (duplicates, equal: 4)", "validation: other.jsonl"),
    ),
    "only what is held out": Records(
        OK + '{"text": "bad", "label": "bad"}\n',
        ("data.train: all of its 2 records stand in a held-out set", "leaks: report"),
        arguments=("--set", "data.validation=data.jsonl"),
    ),
    "nothing left by cleaning": Records(
        OK,
        ("cleaning left nothing of 1 record: 1 too short", "`data.clean`"),
        arguments=("--set", "data.clean.min_characters=99"),
    ),
    "CSV row too wide": Records(
        "text,label\na,good\nb,good,c\n", ("data.csv:3: has 3 cells", "names 2", "in quotes"), file="data.csv"
    ),
    "CSV quote left open": Records(
        'text,label\na,good\n"b,good\n', ("data.csv:3: broken quoting", '"" for a quote'), file="data.csv"
    ),
    "CSV columns alike": Records(
        "text,text\na,good\n", ("data.csv:1: two columns are called 'text'",), file="data.csv"
    ),
    "CSV without rows": Records("text,label\n", ("data.csv: holds no records",), file="data.csv"),
    "spreadsheet": Records(
        "PK", ("data.xlsx: unknown kind of file '.xlsx'", ".jsonl, .json, .csv"), file="data.xlsx"
    ),
    "gz that is none": Records(
        OK, ("data.jsonl.gz: is not compressed", "take .gz off its name"), file="data.jsonl.gz"
    ),
    "gz cut off": Records(
        gzip.compress(OK.encode() * 99)[:40],
        ("data.jsonl.gz: cannot be decompressed", "copy it again"),
        file="data.jsonl.gz",
    ),
    "Parquet that is none": Records(
        "PAR1", ("data.parquet: is not a readable Parquet file",), file="data.parquet"
    ),
    "array without a comma": Records(
        f"[\n{OK}{OK}]", ("data.json:3: is not JSON: a comma or ] is missing",), file="data.json"
    ),
    "too long for max_length": Records(
        json.dumps({"text": "long " * 900, "label": "good"}) + "\n" + OK,
        ("training.max_length", "sample data-1", "64 are allowed", "training.truncate: input"),
        arguments=(
            *("--set", "training.max_length=64"),
            *("--set", "data.validation=data.jsonl", "--set", "data.leaks=report"),
        ),
    ),
}


@pytest.mark.parametrize("case", RECORDS.values(), ids=RECORDS)
def test_records(case: Records, recipe: Path, luthier: Luthier) -> None:
    content = case.content if isinstance(case.content, bytes) else case.content.encode()
    Path(case.file).write_bytes(content)
    rest = recipe.read_text().partition("design:")[2]
    recipe.write_text(f"task:\n  {case.task}\ndata: {{train: {case.file}}}\ndesign:{rest}")
    assert_helps(luthier("check", recipe, *case.arguments), *case.says)


def test_many_bad_records_are_listed_up_to_twenty_and_counted(recipe: Path, luthier: Luthier) -> None:
    write_jsonl(Path("train.jsonl"), [{"text": "x", "aspects": {"fod": "positive"}}] * 33)
    said = luthier("check", recipe)
    assert_helps(said, "33 problems in 33 records", "train.jsonl:20: aspects", "... and 13 more")
    assert said.err.count("\n  - ") == 20


def test_bad_records_of_several_files_are_told_together(recipe: Path, luthier: Luthier) -> None:
    for name in ("train", "test"):
        write_jsonl(Path(f"{name}.jsonl"), [{"text": name, "aspects": {"food": "yummy"}}])
    assert_helps(
        luthier("check", recipe),
        "2 problems in 2 files",
        "train.jsonl:1: aspects.food",
        "test.jsonl:1: aspects.food",
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_without_permission(recipe: Path, luthier: Luthier) -> None:
    Path("train.jsonl").chmod(0)
    assert_helps(luthier("check", recipe), "train.jsonl", "cannot be read", "ermission")


FLAGS = {
    "unknown command": ("rnu recipe.yaml", "No such command 'rnu'", "'run'"),
    "unknown option": ("check recipe.yaml --sampels 3", "--sampels", "--samples"),
    "missing argument": ("run", "Missing argument 'RECIPE'", "luthier run --help"),
    "missing option": ("predict run", "Missing option '--input'"),
    "number that is none": ("check recipe.yaml --samples two", "--samples", "'two' is not a whole number"),
    "number below nought": (
        "check recipe.yaml --samples -1",
        "--samples",
        "'-1' is not a whole number from 0",
    ),
    "too many arguments": ("version now", "unexpected extra argument", "now"),
    "misspelt recipe": ("check recpe.yaml", "There is no file recpe.yaml", "Did you mean recipe.yaml?"),
    "no recipe near": (
        "check other.txt",
        "There is no file other.txt",
        "luthier new DATA --output recipe.yaml",
    ),
    "folder for a recipe": ("check .", ". is a folder", "YAML file"),
    "data for a recipe": ("check train.jsonl", "train.jsonl", "not valid YAML"),
    "no run": ("predict runs/none --input -", "There is no run folder runs/none", "`luthier run`"),
    "misspelt run": ("compare empt half", "There is no run folder empt", "Did you mean empty?"),
    "file for a run": (
        "evaluate recipe.yaml --data test.jsonl",
        "recipe.yaml is not the folder of a run: it is a file",
    ),
    "model for a run": ("predict MODEL --input -", "is not the folder of a run: it has no manifest.json"),
    "unfinished run": (
        "predict half --input -",
        "it did not finish",
        "luthier run half/recipe.yaml --output half --resume",
    ),
    "one run to compare": ("compare half", "at least two runs", "luthier compare runs/a runs/b"),
    "nothing to resume": ("run recipe.yaml --resume", "no run to resume in run", "without --resume"),
    "output in use": ("run recipe.yaml --output thesis", "thesis is not empty and not a run", "--output"),
    "output that is a file": ("run recipe.yaml --output test.jsonl", "test.jsonl is a file", "--output"),
    "no data": ("new nothing.jsonl", "nothing.jsonl: no such file"),
    "nothing to predict": (
        "new plain.jsonl",
        "plain.jsonl",
        "columns: text",
        "a label, aspects, entities or an output",
    ),
    "misspelt task type": (
        "new train.jsonl --task aspectz",
        "--task: 'aspectz'",
        "aspects, classification",
        "did you mean 'aspects'?",
    ),
    "task that does not fit": (
        "new train.jsonl --task extraction",
        "the target of extraction",
        "columns: id, text, aspects",
    ),
    "recipe that exists": ("new train.jsonl --output recipe.yaml", "recipe.yaml exists", "another --output"),
    "broken data": ("new broken.jsonl", "broken.jsonl:1: is not JSON", "the line breaks off"),
    "text file": ("new notes.txt", "unknown kind of file '.txt'", ".jsonl"),
}


@pytest.mark.parametrize("case", FLAGS.values(), ids=FLAGS)
def test_flags(case: tuple[str, ...], recipe: Path, model_folder: Path, luthier: Luthier) -> None:
    for folder in ("half", "thesis", "empty"):
        Path(folder).mkdir()
    Path("thesis/chapter.txt").write_text("mine")
    Path("half/manifest.json").write_text('{"finished": null}')
    Path("half/recipe.yaml").write_text(recipe.read_text())
    Path("plain.jsonl").write_text('{"text": "a plain text"}\n')
    Path("broken.jsonl").write_text('{"text": "a"\n')
    Path("notes.txt").write_text("a note")
    command, *says = case
    assert_helps(
        luthier(*(str(model_folder) if word == "MODEL" else word for word in command.split())), *says
    )
    assert Path("thesis/chapter.txt").read_text() == "mine"


PREDICTIONS = {
    "unknown id": (
        '{"id": "test-0", "text": "x"}\n{"id": "zzz", "text": "y"}\n',
        ("p.jsonl:2: no gold record has the id 'zzz'",),
    ),
    "second prediction": (
        '{"id": "test-1", "text": "x"}\n' * 2,
        ("p.jsonl:2: a second prediction for the example 'test-1'",),
    ),
    "too many": (
        '{"text": "x"}\n\n' * 7,
        ("p.jsonl:13: there are only 6 gold records", "one line for each gold record"),
    ),
    "other columns": ('{"label": "good"}\n', ("p.jsonl:1: neither `text`", "nor `value`", "only label")),
    "value of another kind": (
        '{"value": "good"}\n',
        ('p.jsonl:1: `value` is the text "good"', "an object of aspects and labels"),
    ),
    "ids of another file": (
        '{"text": "x"}\n{"id": "other-0", "text": "x"}\n',
        ("p.jsonl:2: no gold record has the id 'other-0'", "leave the ids out"),
    ),
    "broken line": ('{"text": "x"}\n{"text": \n', ("p.jsonl:2: is not JSON", "breaks off")),
    "no predictions": ("", ("p.jsonl: is empty",)),
}


@pytest.mark.parametrize("case", PREDICTIONS.values(), ids=PREDICTIONS)
def test_predictions_made_elsewhere(
    case: tuple[str, tuple[str, ...]], recipe: Path, luthier: Luthier
) -> None:
    Path("p.jsonl").write_text(case[0])
    said = luthier("score", "--task", recipe, "--gold", "test.jsonl", "--predictions", "p.jsonl")
    assert_helps(said, *case[1])


def test_misspelt_section_of_a_task_file_is_not_ignored(recipe: Path, luthier: Luthier) -> None:
    Path("task.yaml").write_text("task: {type: aspects, aspects: [food]}\ndesgn: {format: json}\n")
    said = luthier("score", "--task", "task.yaml", "--gold", "test.jsonl", "--predictions", "test.jsonl")
    assert_helps(said, "task.yaml:2: desgn", "did you mean 'design'?")


def test_gold_without_labels(recipe: Path, luthier: Luthier) -> None:
    Path("gold.jsonl").write_text('{"text": "x"}\n')
    said = luthier("score", "--task", recipe, "--gold", "gold.jsonl", "--predictions", "gold.jsonl")
    assert_helps(said, "gold.jsonl: aspects: no column 'aspects'", "one of text")


def test_evaluate_on_an_unlabelled_file(recipe: Path, finished_run: Path, luthier: Luthier) -> None:
    Path("plain.jsonl").write_text('{"text": "x"}\n')
    said = luthier("evaluate", finished_run, "--data", "plain.jsonl")
    assert_helps(said, "plain.jsonl: aspects: no column 'aspects'")


@pytest.mark.parametrize(
    ("stdin", "says"),
    [
        ('{"text": "fine"}\n{"text": \n', ("<stdin>:2", "is not JSON")),
        (
            'fine\n{"review": "fine"}\n{"text": 5}\n',
            ("records do not fit", "record 2, text: is missing", "record 3, text: is the number 5"),
        ),
        ("fine\n\udcff bad\n", ("<stdin>:2: is not UTF-8", "iconv")),
        ('{"text": "\\ud83d"}\n', ("<stdin>:1: is not UTF-8", "half of an emoji")),
        ('{"text": 5}\n', ("text: is the number 5",)),
        ("\n\n", ("<stdin>", "no records")),
    ],
    ids=["broken line", "other column", "not UTF-8", "half an emoji", "number for a text", "nothing"],
)
def test_predict_from_broken_stdin(
    stdin: str, says: tuple[str, ...], finished_run: Path, luthier: Luthier
) -> None:
    assert_helps(luthier("predict", finished_run, "--input", "-", stdin=stdin), *says)


def test_predict_from_no_file(recipe: Path, finished_run: Path, luthier: Luthier) -> None:
    assert_helps(
        luthier("predict", finished_run, "--input", "tets.jsonl"), "no such file", "did you mean test.jsonl?"
    )


def test_predictions_never_overwrite(recipe: Path, finished_run: Path, luthier: Luthier) -> None:
    said = luthier("predict", finished_run, "--input", "test.jsonl", "--output", "train.jsonl")
    assert_helps(said, "train.jsonl exists", "another --output")
    assert '"train-0"' in Path("train.jsonl").read_text()


WRITING = {
    "clean": ("clean train.jsonl --task recipe.yaml", "--output --report --rejects --changes --wrong-labels"),
    "augment": ("augment train.jsonl --task recipe.yaml --augment noise", "--output --report --rejects"),
    "label": ("label train.jsonl --run RUN", "--output --report --rejects"),
    "generate": ("generate train.jsonl --task recipe.yaml --examples 1", "--output --report"),
}


@pytest.mark.parametrize(
    ("command", "option"),
    [(command, option) for command, options in WRITING.values() for option in options.split()],
)
def test_no_command_writes_over_its_source(
    command: str, option: str, recipe: Path, finished_run: Path, luthier: Luthier
) -> None:
    before = Path("train.jsonl").read_bytes()
    words = [str(finished_run) if word == "RUN" else word for word in command.split()]
    output = () if option == "--output" else ("--output", "new.jsonl")
    said = luthier(*words, *output, option, "train.jsonl")
    assert_helps(said, "train.jsonl exists", f"another {option}")
    assert Path("train.jsonl").read_bytes() == before
    assert not Path("new.jsonl").exists()


def test_nothing_is_cleaned_where_wrong_labels_cannot_be_found(recipe: Path, luthier: Luthier) -> None:
    files = ("--output", "new.jsonl", "--wrong-labels", "wrong.jsonl", "--judge", "no-run")
    assert_helps(luthier("clean", "train.jsonl", "--task", recipe, *files), "no-run")
    assert not Path("new.jsonl").exists()


def test_compare_runs_of_different_tasks(tmp_path: Path, finished_run: Path, luthier: Luthier) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for name in ("manifest.json", "metrics.json"):
        (other / name).write_text("{}")
    (other / "recipe.yaml").write_text("task: {type: generation}\ndata: {train: a.jsonl}\n")
    assert_helps(luthier("compare", finished_run, other), "different tasks (aspects, generation)", "one task")


def test_resume_of_a_finished_run(finished_run: Path, luthier: Luthier) -> None:
    said = luthier("run", finished_run / "recipe.yaml", "--output", finished_run, "--resume")
    assert_helps(said, "is finished; there is nothing to resume", "--output")


@pytest.mark.parametrize(
    ("method", "says"),
    [
        (
            "{type: freeze, trainable: {last: 99}}",
            ("method.trainable", "99 layers", "the model has 2", "at most 2"),
        ),
        ("{type: freeze, trainable: {patterns: [attnn]}}", ("'attnn'", "names are like")),
        (
            "{type: lora, targets: [query]}",
            ("method.targets", "called query", "q_proj, up_proj", "all-linear"),
        ),
    ],
    ids=["layers", "pattern", "targets"],
)
def test_method_that_does_not_fit_the_model(
    method: str, says: tuple[str, ...], recipe: Path, luthier: Luthier
) -> None:
    assert_helps(luthier("check", recipe, "--set", f"method={method}"), *says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check", "recipe.yaml", "--set", "method.type=lorra"], "did you mean 'lora'?"),
        (["run", "recipe.yaml", "--set", "data.train=none.jsonl"], "no such file"),
        (["predict", "nowhere", "--input", "-"], "There is no run folder nowhere"),
        (["rnu"], "No such command"),
    ],
    ids=["recipe", "file", "run", "command"],
)
def test_the_real_program(arguments: list[str], says: str, recipe: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "luthier", *arguments], input="", capture_output=True, text=True, timeout=60
    )
    assert_helps(Said(done.returncode, done.stdout, done.stderr), says)
