"""The corpus as a whole: nothing vanishes, nothing held out is trained on, not even nearly."""

import json

import pytest

from luthier.data.corpus import Cleaning, Source, load_corpus

RULES = Cleaning(min_characters=10, near_duplicates=None)


def write(path, texts):
    path.write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts), "utf-8")
    return Source(path=path)


def load(*sources, rules=RULES, held_out=0.2, seed=0):
    return load_corpus(sources, rules, held_out=held_out, seed=seed)


def test_nothing_vanishes_and_the_held_out_never_trains(tmp_path):
    texts = [f"Document number {number} speaks of soup." for number in range(400)] + ["short"]
    corpus = load(write(tmp_path / "a.jsonl", [*texts, texts[0].upper()]))
    documents = corpus.sources["a"]
    assert documents.dropped == {"too short": 1, "duplicate": 1}
    assert documents.read == 402
    assert sorted(documents.training + documents.held_out) == sorted(texts[:-1])
    assert 40 < len(documents.held_out) < 120  # 80 expected, standard deviation 8

    longer = load(write(tmp_path / "a.jsonl", ["A new one about tea.", *texts]), seed=1).sources["a"]
    assert set(documents.held_out) <= set(longer.held_out)
    assert not set(documents.held_out) & set(longer.training)


def test_two_files_of_one_name_are_told_apart(tmp_path):
    (tmp_path / "b").mkdir()
    first = write(tmp_path / "a.jsonl", ["Soup is what this document is about."])
    second = write(tmp_path / "b" / "a.jsonl", ["Tea is something else altogether."])
    assert (first.name, second.name) == ("a", "a")
    corpus = load(first, Source(path=second.path, name="tea"), held_out=0)
    assert {name: len(documents.training) for name, documents in corpus.sources.items()} == {"a": 1, "tea": 1}


def test_every_drop_is_a_row_with_its_reason_and_twin(tmp_path):
    soup = "The soup was cold and the waiter was slow that evening in the old town. " * 3
    first = write(tmp_path / "a.jsonl", ["x", soup, "Tea is something else altogether."])
    second = write(tmp_path / "b.jsonl", [soup, soup.replace("evening", "morning", 1)])
    corpus = load(first, second, rules=Cleaning(min_characters=10))
    rows = [row.to_json() for row in corpus.dropped]
    assert [(row["source"], row["line"], row["reason"], row["twin"]) for row in rows] == [
        ("a", 1, "too short", None),
        ("b", 1, "duplicate", {"source": "a", "line": 2}),
        ("b", 2, "near duplicate", {"source": "a", "line": 2}),
    ]
    assert rows[0]["text"] == "x"
    assert 0.8 <= rows[2]["similarity"] < 1


@pytest.mark.parametrize("held_out", [0.3, 0.7])
def test_no_held_out_document_has_a_near_twin_in_training(tmp_path, held_out):
    soup = "The soup was cold and the waiter was slow, again and again and again. " * 4
    texts = [f"{soup}Table {number % 40}-{number}." for number in range(100)]
    texts += [
        f"Document {number} is about {number**3}, as no other is: {number * 7919}." for number in range(99)
    ]
    sources = load(write(tmp_path / "a.jsonl", texts), rules=Cleaning(min_characters=10), held_out=held_out)
    documents = sources.sources["a"]
    assert documents.dropped["near duplicate"] == 99
    assert sum("again" in text for text in documents.training + documents.held_out) == 1


def test_the_language_is_told_or_guessed(tmp_path):
    chinese = write(tmp_path / "zh.jsonl", ["这家餐厅的味道很好吃，服务员也很热情。"])
    told = Source(path=chinese.path.rename(tmp_path / "b.jsonl"), language="en")
    again = write(tmp_path / "zh.jsonl", ["这家餐厅的位置不太好找，不过环境很安静。"])
    corpus = load(again, told)
    assert {name: documents.language for name, documents in corpus.sources.items()} == {"zh": "zh", "b": "en"}
