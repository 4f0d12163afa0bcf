import gzip
import json

from luthier.data.corpus import Cleaning, Source, clean_text, drop_reason, load_source, read_documents


def test_reads_gzipped_json_lines_and_plain_text_alike(tmp_path):
    with gzip.open(tmp_path / "a.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write('{"text": "第一篇"}\n{"text": "two\\nlines"}\n')
    (tmp_path / "b.txt").write_text("第一篇\n\n\ntwo\nlines", encoding="utf-8")
    assert list(read_documents(tmp_path / "a.jsonl.gz")) == ["第一篇", "two\nlines"]
    assert list(read_documents(tmp_path / "b.txt")) == ["第一篇", "two\nlines"]


def test_cleaning_takes_out_what_templates_left():
    assert clean_text("讷沙托区（）是一个区。") == "讷沙托区是一个区。"
    assert clean_text("Laach Castle (), or (, 1944) it<br>.") == "Laach Castle , or (1944) it."
    assert clean_text("标题\n正文。\n该区有：") == "标题\n正文。"
    assert (
        clean_text("Title\nIt is a town in the north.\nHistory.\nSee also.")
        == "Title\nIt is a town in the north."
    )
    kept = "Title\nIt is a town in the north.\nHistory.\nIt began with a well and a mill."
    assert clean_text(kept) == kept


def test_unwrap_joins_lines_but_not_paragraphs():
    assert clean_text("one\ntwo\n\nthree", unwrap=True) == "one two\n\nthree"


def test_drop_reasons():
    rules = Cleaning(min_characters=30, max_symbols=0.25)
    assert drop_reason("这家餐厅的味道很好吃", rules) is None  # 10 Chinese characters count as 30
    assert drop_reason("ten letters", rules) == "too short"
    assert drop_reason("List of castles\n" + "A castle stands here. " * 5, rules) is not None
    assert drop_reason("1 2 3 4 5 6 7 8 9 " * 5, rules) == "mostly numbers or symbols"


def test_nothing_vanishes_and_the_held_out_never_trains(tmp_path):
    texts = [f"Document number {number} speaks of soup." for number in range(400)] + ["short"]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in [*texts, texts[0]]), "utf-8")
    source, rules = Source(path=path, share=1), Cleaning(min_characters=10)
    documents = load_source(source, rules, held_out=0.2, seed=0, seen=set())
    assert documents.dropped == {"too short": 1, "duplicate": 1}
    assert sorted(documents.training + documents.held_out) == sorted(texts[:-1])
    assert 40 < len(documents.held_out) < 120  # 80 expected, standard deviation 8

    path.write_text(
        "".join(json.dumps({"text": text}) + "\n" for text in ["A new one about tea.", *texts]), "utf-8"
    )
    longer = load_source(source, rules, held_out=0.2, seed=1, seen=set())
    assert set(documents.held_out) <= set(longer.held_out)
    assert not set(documents.held_out) & set(longer.training)
