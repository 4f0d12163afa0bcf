"""Documents out of files, and what is said of those that cannot be read."""

import gzip
import json

import pytest

from luthier.data.corpus import Source, check_sources, read_documents
from luthier.errors import DataError


def texts(path, **options):
    return [document.text.strip() for document in read_documents(Source(path=path, **options))]


def refusal(path, **options):
    with pytest.raises(DataError) as caught:
        list(read_documents(Source(path=path, **options)))
    return str(caught.value)


def test_gzipped_json_lines_and_plain_text_alike(tmp_path):
    with gzip.open(tmp_path / "a.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write('{"text": "第一篇"}\n{"text": "two\\nlines"}\n')
    (tmp_path / "b.txt").write_text("第一篇\n\n\ntwo\nlines", encoding="utf-8")
    (tmp_path / "c.TXT.gz").write_bytes(gzip.compress("第一篇\r\n \r\ntwo\nlines".encode("gb18030")))
    assert texts(tmp_path / "a.jsonl.gz") == ["第一篇", "two\nlines"]
    assert texts(tmp_path / "b.txt") == ["第一篇", "two\nlines"]
    assert texts(tmp_path / "c.TXT.gz", encoding="gb18030") == ["第一篇", "two\nlines"]


@pytest.mark.parametrize(
    ("separator", "found"),
    [
        ("blank-line", [(2, "one\ntwo"), (5, "three")]),
        ("line", [(2, "one"), (3, "two"), (5, "three")]),
        ("none", [(1, "one\ntwo\n\nthree")]),
    ],
)
def test_separators_of_plain_text(tmp_path, separator, found):
    path = tmp_path / "a.txt"
    path.write_text("\none\ntwo\n\nthree\n", "utf-8")
    documents = read_documents(Source(path=path, separator=separator))
    assert [(document.line, document.text.strip()) for document in documents] == found


def test_other_tables_and_columns(tmp_path):
    (tmp_path / "a.csv").write_text('review,stars\n"good, very",5\nbad,1\n', "utf-8")
    assert texts(tmp_path / "a.csv", column="review") == ["good, very", "bad"]


def test_a_record_without_text_is_an_empty_document(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": null}\n{"text": "b"}\n', "utf-8")
    assert texts(tmp_path / "a.jsonl") == ["", "b"]


def test_every_broken_line_is_named_at_once(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a"}\n{"text": "b"\n[1]\n{"body": "c"}\n{"text": 4}\n', "utf-8")
    said = refusal(path)
    assert f"{path}:2: is not JSON" in said
    assert f"{path}:3: is not an object" in said
    assert f"{path}:4: has no column 'text'" in said
    assert f"{path}:5: text: is not a text: '4'" in said
    assert "a.jsonl)" in said.splitlines()[-1]


@pytest.mark.parametrize(
    ("names", "column", "advice"),
    [
        (["contents", "id"], "content", "write `column: contents`"),
        (["body", "id"], "text", "write `column: body`"),
        (["正文", "id"], "text", "write `column: 正文`"),
        (["a", "id"], "text", "name it with `column`"),
    ],
)
def test_a_missing_column_is_said_once(tmp_path, names, column, advice):
    path = tmp_path / "a.jsonl"
    path.write_text((json.dumps(dict.fromkeys(names, "x"), ensure_ascii=False) + "\n") * 50, "utf-8")
    said = refusal(path, column=column)
    assert f"no record has a column {column!r} (allowed: {', '.join(names)})" in said
    assert advice in said
    assert len(said.splitlines()) == 3


@pytest.mark.parametrize("name", ["a.jsonl", "a.txt"])
def test_a_wrong_encoding_is_guessed(tmp_path, name):
    path = tmp_path / name
    path.write_bytes('{"text": "这家餐厅的味道很好吃，服务员也很热情，下次还会再来。"}\n'.encode("gb18030"))
    assert "write `encoding: gb18030` in the recipe's source" in refusal(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"", "is empty"),
        ("a.jsonl", b"", "is empty"),
        ("a.txt", b" \n\n", "holds no documents"),
        ("a.jsonl", b"\n", "holds no documents"),
        ("a.txt.gz", b"plain", "is not compressed"),
        ("a.txt.gz", gzip.compress(b"text " * 500, mtime=0)[:-9], "cannot be decompressed"),
        ("a.pdf", b"%PDF", "unknown kind of file '.pdf'"),
    ],
)
def test_files_that_hold_nothing_to_read(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    assert said in refusal(tmp_path / name)


def test_missing_files_are_told_before_anything_is_read(tmp_path):
    (tmp_path / "wiki.jsonl").write_text("{}\n")
    sources = [Source(path=tmp_path / name) for name in ("wiki.json", "wiki.jsonl", "no/such.txt")]
    first, second = check_sources([source.model_copy() for source in sources], tmp_path)
    assert (first.field, second.field) == ("sources.0.path", "sources.2.path")
    assert "wiki.jsonl" in first.hint
    assert "no such folder" in second.message
