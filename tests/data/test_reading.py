from __future__ import annotations

import gzip
import json

import pytest

from luthier.data import ReadOptions, read_examples
from luthier.errors import DataError
from luthier.tasks import Aspects, Classification, Entity, Extraction, Generation, Turn

SENTIMENT = Classification(labels=("positive", "negative"))


def read(path, task=SENTIMENT, labelled=True, **options):
    return read_examples(path.name, task, ReadOptions(**options), base_dir=path.parent, labelled=labelled)[0]


def refusal(path, task=SENTIMENT, **options):
    with pytest.raises(DataError) as caught:
        read(path, task, **options)
    return caught.value


def write(path, *rows):
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


GOOD = {"text": "好喝", "label": "positive"}


def test_ids_and_origins_tell_where_a_record_stands(tmp_path):
    path = write(tmp_path / "t.jsonl", GOOD, "", {**GOOD, "id": 7})
    first, second = read(path)
    assert (first.id, first.origin) == ("t-1", "t.jsonl:1")
    assert (second.id, second.origin) == ("7", "t.jsonl:3")


@pytest.mark.parametrize(
    "name", ["t.jsonl", "t.json", "t.csv", "t.tsv", "t.parquet", "t.jsonl.gz", "t.csv.gz"]
)
def test_every_form_gives_the_same_examples(tmp_path, name):
    import pyarrow
    import pyarrow.parquet

    rows = [{"text": 'a, "b"\nc', "label": "1"}, {"text": "\u2028d\te", "label": "0"}]
    path = tmp_path / name
    mark = "\t" if "tsv" in name else ","
    cells = [[f'"{row["text"].replace(chr(34), chr(34) * 2)}"', row["label"]] for row in rows]
    table = "\n".join(mark.join(line) for line in [["text", "label"], *cells])
    if name == "t.parquet":
        pyarrow.parquet.write_table(
            pyarrow.Table.from_pylist([{**r, "label": int(r["label"])} for r in rows]), path
        )
    else:
        text = table if "csv" in name or "tsv" in name else "\n".join(json.dumps(row) for row in rows)
        text = json.dumps(rows) if name == "t.json" else text
        (gzip.open if name.endswith(".gz") else open)(path, "wb").write(text.encode())
    examples = read(path, label_map={1: "positive", 0: "negative"})
    assert [(e.text, e.target) for e in examples] == [('a, "b"\nc', "positive"), ("\u2028d\te", "negative")]


@pytest.mark.parametrize(
    ("table", "texts"),
    [
        ('text\tlabel\n"Great"\tpositive\n"a\tb"\tpositive\n', ["Great", "a\tb"]),
        ('text\tlabel\n"Great\tpositive\n"so" he\tpositive\n', ['"Great', '"so" he']),
        ('text\tlabel\n"Great\tpositive\nhe said so"\tpositive\n', ['"Great', 'he said so"']),
    ],
    ids=["quoted", "broken", "spanning"],
)
def test_quotes_of_tsv_are_text_where_they_cannot_enclose_cells(tmp_path, table, texts):
    (tmp_path / "t.tsv").write_text(table)
    assert [example.text for example in read(tmp_path / "t.tsv")] == texts


def test_a_saved_dataset_gives_its_split_and_the_names_of_its_classes(tmp_path):
    import datasets

    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["negative", "positive"])}
    )
    part = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [1, 0]}, features=features)
    datasets.DatasetDict({"train": part, "test": part.select([1])}).save_to_disk(str(tmp_path / "saved"))
    assert [e.target for e in read(tmp_path / "saved", split="train")] == ["positive", "negative"]
    assert [e.text for e in read(tmp_path / "saved", split="test")] == ["b"]
    error = refusal(tmp_path / "saved", split="validation")
    assert "no split 'validation'" in str(error)
    assert "allowed: train, test" in str(error)


def test_classes_inside_lists_and_objects_get_their_names(tmp_path):
    import datasets

    names = datasets.ClassLabel(names=["ORG", "PER"])
    entity = {"start": datasets.Value("int32"), "end": datasets.Value("int32"), "type": names}
    features = datasets.Features(
        {"text": datasets.Value("string"), "labels": datasets.Sequence(names), "entities": [entity]}
    )
    row = {"text": ["Al ran"], "labels": [[1, 0]], "entities": [[{"start": 0, "end": 2, "type": 1}]]}
    datasets.Dataset.from_dict(row, features=features).save_to_disk(str(tmp_path / "saved"))
    several = Classification(labels=("PER", "ORG"), multi_label=True)
    assert read(tmp_path / "saved", several)[0].target == ("PER", "ORG")
    assert read(tmp_path / "saved", Extraction(types=("PER",)))[0].target == (Entity(0, 2, "PER", "Al"),)


def test_a_folder_of_files_is_read_as_it_is_now(tmp_path):
    folder = tmp_path / "hub"
    folder.mkdir()
    write(folder / "train.jsonl", GOOD)
    assert [e.text for e in read(folder, split="train")] == ["好喝"]
    write(folder / "train.jsonl", {**GOOD, "text": "难喝"})
    assert [e.text for e in read(folder, split="train")] == ["难喝"]


def test_csv_lines_count_the_lines_of_quoted_texts(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('text,label\n"a\nb\nc",positive\nd,wrong\n', encoding="utf-8")
    (problem,) = refusal(path).problems
    assert (problem.file, problem.line, problem.field) == (path, 5, "label")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("text,label\na,positive,x\n", "has 3 cells where the header names 2"),
        ('text,label\n"a,positive\n', "broken quoting"),
        ("text,text\na,b\n", "two columns are called 'text'"),
        ("text,label\n", "holds no records"),
        ("text,label\na,\n", "label: is empty"),
        ("nice place,good\nbad place,bad\n", "the first line of a table names its columns"),
    ],
)
def test_broken_tables_are_told(tmp_path, content, words):
    path = tmp_path / "t.csv"
    path.write_text(content, encoding="utf-8")
    assert words in str(refusal(path))


@pytest.mark.parametrize("header", ["text;label", '"text";"label"', '"a,b,c";text;label'])
def test_semicolons_are_understood(tmp_path, header):
    path = tmp_path / "t.csv"
    before = "0;" * (header.count(";") - 1)
    path.write_text(f"{header}\n{before}a, b;positive\n", encoding="utf-8-sig")
    assert read(path)[0].text == "a, b"


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ('{"text": "a", "label": "positive"}\n{"text": }\n', 2, "is not JSON"),
        ('{"text": "a", "label": "positive"}\n[1]\n', 2, "is not an object"),
        ('{"text": "a", "label": NaN}\n', 1, "is empty"),
        ('{"text": "a", "label": "positiv"}\n', 1, "did you mean 'positive'?"),
        ('{"text": "", "label": "positive"}\n', 1, "text: is empty"),
        ('{"id": 1, "text": "a", "label": "positive"}\n' * 2, 2, "'1' is the id of line 1 too"),
        ("[" * 100_000 + "\n", 1, "JSON"),
    ],
)
def test_bad_lines_are_told_with_their_number(tmp_path, content, line, words):
    path = tmp_path / "t.jsonl"
    path.write_text(content, encoding="utf-8")
    (problem,) = refusal(path).problems
    assert problem.line == line
    assert words in str(problem)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('[\n{"text": "a", "label": "positive"},\n{"text" "b"}]', ":3: is not JSON"),
        ('[\n{"text": "a", "label": "positive"}\n{"text": "b"}]', ":3: is not JSON: a comma or ] is missing"),
        ('{\n"data": []\n}', "is not an array of objects"),
        ("[1]", "is not an object: '1'"),
        ("[]", "holds no records"),
        (" \n", "holds no records"),
        ("", "is empty"),
    ],
)
def test_broken_arrays_are_told(tmp_path, content, words):
    path = tmp_path / "t.json"
    path.write_text(content, encoding="utf-8")
    assert words in str(refusal(path))


def test_twenty_problems_are_listed_and_the_rest_counted(tmp_path):
    error = refusal(write(tmp_path / "t.jsonl", *[{"text": "a", "label": "?"}] * 50))
    assert (len(error.problems), error.total) == (20, 50)
    assert "50 problems in 50 records" in str(error)
    assert "... and 30 more" in str(error)


def test_a_column_under_another_name_is_one_problem_with_the_line_to_write(tmp_path):
    path = write(tmp_path / "t.jsonl", *[{"review": "a", "label": "positive"}] * 50)
    (problem,) = refusal(path).problems
    assert "no column 'text'" in str(problem)
    assert "write `columns: {text: review}` in the recipe's `data`, or rename it" in str(problem)
    assert read(path, columns={"text": "review"})[49].text == "a"


def test_a_misspelt_mapping_is_told(tmp_path):
    path = write(tmp_path / "t.jsonl", {"review": "a", "label": "positive", "why": "b"})
    (problem,) = refusal(path, columns={"text": "reveiw"}).problems
    assert "did you mean 'review'?" in str(problem)


def test_a_file_under_our_own_names_needs_no_mapping(tmp_path):
    mapped = {"columns": {"text": "review", "label": "stars"}, "label_map": {"1": "positive"}}
    theirs = write(tmp_path / "theirs.jsonl", {"review": "好喝", "stars": 1, "id": "a"})
    ours = write(tmp_path / "ours.jsonl", {**GOOD, "id": "a", "generated": {}})
    (one,), (other,) = read(theirs, **mapped), read(ours, **mapped)
    assert (one.text, one.target) == (other.text, other.target) == ("好喝", "positive")


def test_a_misspelt_mapping_is_told_also_where_a_column_has_our_name(tmp_path):
    path = write(tmp_path / "t.jsonl", {**GOOD, "review": "the text that is meant"})
    assert "did you mean 'review'?" in str(refusal(path, columns={"text": "reviw"}))


def test_problems_name_the_column_as_the_file_does(tmp_path):
    path = write(tmp_path / "t.jsonl", {"review": "", "label": "positive"})
    (problem,) = refusal(path, columns={"text": "review"}).problems
    assert problem.field == "review"


def test_unlabelled_files_need_no_mapped_label(tmp_path):
    path = write(tmp_path / "t.jsonl", {"review": "a"})
    (example,) = read(path, labelled=False, columns={"text": "review", "label": "stars"})
    assert (example.text, example.target) == ("a", None)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_understood(tmp_path, encoding):
    path = tmp_path / "t.csv"
    path.write_text("text,label\n好,positive\n", encoding=encoding)
    assert read(path)[0].text == "好"


@pytest.mark.parametrize(
    ("encoding", "guess", "text"),
    [
        ("gb18030", "gb18030", "这家店的菜很好吃，服务也不错"),
        ("latin-1", "cp1252", "Café très agréable à côté de la gare"),
        ("big5", "big5", "這家店的菜很好吃，服務也不錯"),
    ],
)
def test_other_encodings_are_refused_with_offset_and_advice(tmp_path, encoding, guess, text):
    path = tmp_path / "t.csv"
    path.write_text(f"text,label\n{text},positive\n", encoding=encoding)
    (problem,) = refusal(path).problems
    offset = next(i for i, byte in enumerate(path.read_bytes()) if byte > 127)
    assert f"byte {offset} cannot be decoded" in str(problem)
    assert f"`encoding: {guess}`" in str(problem)
    assert read(path, encoding=encoding)[0].text == text


def test_a_utf8_file_said_to_be_something_else_is_recognised(tmp_path):
    path = write(tmp_path / "t.jsonl", GOOD)
    for wrong in ("ascii", "utf-16"):
        assert "it looks like utf-8: write `encoding: utf-8`" in str(refusal(path, encoding=wrong))


def test_a_damaged_byte_in_utf8_is_not_called_another_encoding(tmp_path):
    path = tmp_path / "t.jsonl"
    good = json.dumps(GOOD, ensure_ascii=False).encode() + b"\n"
    path.write_bytes(good * 200 + b'{"text": "\xff", "label": "positive"}\n' + good)
    (problem,) = refusal(path).problems
    assert problem.line == 201
    assert "damaged" in str(problem)
    assert "encoding:" not in str(problem)


@pytest.mark.parametrize("name", ["t.jsonl", "t.json"])
def test_half_an_emoji_is_told_and_a_whole_one_read(tmp_path, name):
    path = tmp_path / name
    rows = [r'{"text": "\ud83d\ude00", "label": "positive"}', r'{"text": "\ud83d", "label": "positive"}']
    path.write_text("\n".join(rows) if name == "t.jsonl" else "[" + ",\n".join(rows) + "]")
    (problem,) = refusal(path).problems
    assert problem.line == 2
    assert r"\ud83d" in str(problem)
    path.write_text(rows[0] if name == "t.jsonl" else f"[{rows[0]}]")
    assert read(path)[0].text == "😀"


def test_missing_files_and_folders_are_told(tmp_path):
    write(tmp_path / "train.jsonl", GOOD)
    assert "did you mean train.jsonl?" in str(refusal(tmp_path / "trian.jsonl"))
    assert "no such folder" in str(refusal(tmp_path / "nowhere" / "train.jsonl"))
    (tmp_path / "t.docx").write_text("x")
    assert "unknown kind of file '.docx'" in str(refusal(tmp_path / "t.docx"))
    (tmp_path / "t.parquet").write_text("x")
    assert "not a readable Parquet file" in str(refusal(tmp_path / "t.parquet"))
    (tmp_path / "t.jsonl.gz").write_text("x")
    assert "cannot be read" in str(refusal(tmp_path / "t.jsonl.gz"))


def test_structures_fit_into_csv_and_parquet_cells(tmp_path):
    import pyarrow
    import pyarrow.parquet

    path = tmp_path / "t.csv"
    path.write_text('text,entities\nAl,"[{""start"": 0, ""end"": 2, ""type"": ""PER""}]"\n', encoding="utf-8")
    assert read(path, Extraction(types=("PER",)))[0].target == (Entity(0, 2, "PER", "Al"),)
    # Arrow gives every row every key of a struct, null where the row had none.
    rows = [{"text": "x", "aspects": {"a": "positive"}}, {"text": "y", "aspects": {"b": "negative"}}]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "t.parquet")
    targets = [e.target for e in read(tmp_path / "t.parquet", Aspects(aspects=("a", "b")))]
    assert targets == [{"a": "positive"}, {"b": "negative"}]
    pairs = pyarrow.array([[("a", "positive")], []], pyarrow.map_(pyarrow.string(), pyarrow.string()))
    pyarrow.parquet.write_table(pyarrow.table({"text": ["x", "y"], "aspects": pairs}), tmp_path / "m.parquet")
    targets = [e.target for e in read(tmp_path / "m.parquet", Aspects(aspects=("a", "b")))]
    assert targets == [{"a": "positive"}, {}]


def test_dialogue_forms_become_the_same_example(tmp_path):
    alpaca = {"instruction": "", "input": "c", "output": "d", "history": [["a", "b"]], "system": "s"}
    turns = [("system", "s"), ("human", "a"), ("gpt", "b"), ("human", "c"), ("gpt", "d")]
    sharegpt = {"conversations": [{"from": role, "value": text} for role, text in turns]}
    names = {"human": "user", "gpt": "assistant", "system": "system"}
    messages = {"messages": [{"role": names[role], "content": text} for role, text in turns]}
    developer = {"messages": [{"role": "developer", "content": "s"}, *messages["messages"][1:]]}
    cell = {"messages": json.dumps(messages["messages"])}
    path = write(tmp_path / "t.jsonl", alpaca, sharegpt, messages, developer, cell)
    for example in read(path, Generation()):
        assert (example.text, example.target) == ("c", "d")
        assert example.history == (Turn("system", "s"), Turn("user", "a"), Turn("assistant", "b"))


@pytest.mark.parametrize(
    ("turns", "words"),
    [
        ([], "is not a list of turns"),
        ([{"role": "user", "content": "a"}], "does not end with a turn of the assistant"),
        ([{"role": "assistant", "content": "a"}], "messages[0]: is a turn of the assistant"),
        ([{"role": "tool", "content": "a"}], "messages[0]: has the role 'tool'"),
        ([{"role": "user", "content": 5}, {"role": "assistant", "content": "a"}], "messages[0]: has no text"),
        (
            [{"role": role, "content": "a"} for role in ("user", "user", "assistant")],
            "messages[1]: is a turn of the user (allowed: a turn of the assistant: they alternate)",
        ),
        (
            [{"role": role, "content": "a"} for role in ("system", "assistant", "user", "assistant")],
            "messages[1]: is a turn of the assistant (allowed: a turn of the user",
        ),
        (
            [{"role": role, "content": "a"} for role in ("user", "system", "user", "assistant")],
            "messages[1]: is a turn of the system",
        ),
    ],
)
def test_broken_dialogues_are_told(tmp_path, turns, words):
    assert words in str(refusal(write(tmp_path / "t.jsonl", {"messages": turns}), Generation()))


def test_dialogues_under_another_name_are_mapped(tmp_path):
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    path = write(tmp_path / "t.jsonl", {"dialog": turns})
    assert "write `columns: {messages: dialog}`" in str(refusal(path, Generation()))
    assert read(path, Generation(), columns={"messages": "dialog"})[0].target == "b"


def test_ignored_columns_are_counted(tmp_path):
    path = write(tmp_path / "t.jsonl", {**GOOD, "stars": 3}, GOOD)
    _, report = read_examples(path.name, SENTIMENT, ReadOptions(), base_dir=tmp_path)
    assert (report.records, report.ignored_columns) == (2, {"stars": 1})
