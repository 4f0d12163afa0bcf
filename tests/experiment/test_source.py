from pathlib import Path

import pytest

from luthier.errors import RecipeError, UserError
from luthier.experiment.source import read_source

TEXT = """\
task:
  type: aspects
  aspects:
    - food
    - price
data: {train: a.jsonl}   # flow style
training:
  learning_rate: 1e-4
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_every_key_and_item_knows_its_line(file: Path) -> None:
    lines = read_source(file).lines
    assert lines["task", "type"] == 2
    assert lines["task", "aspects", 1] == 5
    assert lines["data", "train"] == 6


def test_exponents_without_a_dot_are_numbers(file: Path) -> None:
    assert read_source(file).values["training"]["learning_rate"] == 1e-4


def test_problem_points_at_the_nearest_line(file: Path) -> None:
    problem = read_source(file).problem(("training", "epochs"), "is wrong")
    assert (problem.line, problem.field) == (7, "training.epochs")


def test_override_replaces_adds_and_reads_yaml(file: Path) -> None:
    values = read_source(file, ["training.epochs=2", "task.aspects=[noise]", "design.chat=plain"]).values
    assert values["training"]["epochs"] == 2
    assert values["task"]["aspects"] == ["noise"]
    assert values["design"] == {"chat": "plain"}


def test_override_below_a_shorthand_keeps_what_it_named(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("model: luthier/tiny\nmethod: lora\n", encoding="utf-8")
    values = read_source(path, ["model.dtype=bfloat16", "method.rank=4"]).values
    assert values["model"] == {"name": "luthier/tiny", "dtype": "bfloat16"}
    assert values["method"] == {"type": "lora", "rank": 4}


def test_override_of_a_type_drops_the_keys_of_the_other(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("method: {type: lora, rank: 4}\n", encoding="utf-8")
    assert read_source(path, ["method.type=full"]).values["method"] == {"type": "full"}


def test_problem_of_an_override_names_the_flag_and_no_line(file: Path) -> None:
    source = read_source(file, ["training.epochs=many"])
    problem = source.problem(("training", "epochs"), "is no number")
    assert problem.line is None
    assert problem.field == "--set training.epochs"


@pytest.mark.parametrize("override", ["epochs", "=3", "a..b=1", "a=[1"])
def test_broken_override_is_the_users_fault(file: Path, override: str) -> None:
    with pytest.raises(RecipeError, match="override"):
        read_source(file, [override])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1, 2", "not valid YAML"),
        ("a: 1\na: 2\n", "given twice"),
        ("- a\n- b\n", "a mapping"),
        ("", "nothing"),
    ],
)
def test_what_is_no_recipe_says_so(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError, match=message):
        read_source(path)


def test_a_missing_file_and_another_encoding_are_the_users_fault(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no file"):
        read_source(tmp_path / "none.yaml")
    (tmp_path / "gbk.yaml").write_bytes("a: 口味".encode("gb18030"))
    with pytest.raises(UserError, match="not UTF-8"):
        read_source(tmp_path / "gbk.yaml")
