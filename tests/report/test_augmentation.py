"""The section on augmentation: a row an augmenter, and copies beside their originals."""

import re

from tests.report.conftest import page_of, plain, section_of

from luthier.files import write_json, write_jsonl

REPORT = {
    "made": {"synonyms": 1200, "noise": 0},
    "refused": {"synonyms": {"nothing to change": 30, "equal to another copy": 2}},
    "distinct": {
        "before": {"distinct_1": 0.25, "distinct_2": 0.5},
        "after": {"distinct_1": 0.2, "distinct_2": 0.75},
        "repeated": {"distinct_1": 0.125, "distinct_2": 0.375},
    },
    "edit_distance": {"synonyms": 0.125},
}


def folder_with_copies(make, language):
    folder = make("single", language)
    report = folder.read(folder.data / "report.json")
    write_json(folder.data / "report.json", {**report, "augmented": REPORT})
    write_jsonl(folder.data / "train.jsonl", [{"id": "t", "text": "a <b> fine day", "target": "x"}])
    copy = {"id": "t~synonyms-1", "text": "a <b> lovely day", "target": "x"}
    pieces = [[0, 6], "lovely", [10, 14]]
    rows = [{**copy, "original": "t", "augmenter": "synonyms", "pieces": pieces} for _ in range(5)]
    write_jsonl(folder.augmented, rows)
    return folder


def test_the_section_tells_what_was_made_and_shows_some_of_it(make):
    section = section_of(page_of(folder_with_copies(make, "en")), "augmentation")
    text = re.sub(r"\s+", " ", plain(section))
    assert "synonyms 1,200 nothing to change 30, equal to another copy 2 0.125" in text
    assert "noise 0 – –" in text
    assert "distinct-1 0.250 0.200 0.125" in text
    assert "distinct-2 0.500 0.750 0.375" in text
    assert section.count('a &lt;b&gt; <mark class="span">lovely</mark> day') == 3


def test_the_key_facts_count_the_copies_beside_the_records(make):
    assert "Copies 5" in plain(page_of(folder_with_copies(make, "en")))


def test_in_chinese_it_says_the_same(make):
    text = plain(section_of(page_of(folder_with_copies(make, "zh")), "augmentation"))
    assert "无可改动 30，与另一变体相同 2" in text


def test_a_run_without_copies_has_no_such_section(make):
    assert 'id="augmentation"' not in page_of(make("single"))
